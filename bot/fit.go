package bot

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Labelled is one turn with the verdict on its reply.
type Labelled struct {
	Features Features
	Right    bool
	Weight   float64 // how far the verdict is to be trusted, 1 being a person's word on this very reply; 0 means 1
	Group    string  // turns of one group ask the same: cross-validation keeps them together; "" = a group of its own
}

func (l Labelled) weight() float64 {
	if l.Weight == 0 {
		return 1
	}
	return l.Weight
}

const (
	// fitSteps is more than Newton's method needs: it converges within about ten steps on sets like these.
	fitSteps = 30
	// biasPenalty keeps the system solvable when every case agrees, and is too small to be felt otherwise.
	biasPenalty = 1e-9
)

// Fit returns the calibrator that explains the cases best: logistic regression by Newton's method, with an L2 penalty
// of strength l2 on the weights and none on the bias. It is deterministic.
func Fit(cases []Labelled, names []string, l2 float64) Calibrator {
	return fit(Calibrator{}, cases, names, l2, biasPenalty)
}

// FitNear is [Fit] with the penalty on the distance to a calibrator that is known to do well elsewhere, bias included:
// few cases move it a little, many move it to where they say. The features are those of near.
func FitNear(near Calibrator, cases []Labelled, l2 float64) Calibrator {
	return fit(near, cases, near.names(), l2, l2)
}

func fit(near Calibrator, cases []Labelled, names []string, l2, biasL2 float64) Calibrator {
	n := len(names) + 1 // the bias comes first
	rows := make([][]float64, len(cases))
	for i, k := range cases {
		rows[i] = make([]float64, n)
		rows[i][0] = 1
		for j, name := range names {
			rows[i][j+1] = squash(Feature{name, k.Features.get(name)})
		}
	}
	start := mat.NewVecDense(n, nil)
	start.SetVec(0, near.Bias)
	for j, name := range names {
		start.SetVec(j+1, near.Weights[name])
	}
	w := mat.VecDenseCopyOf(start)
	for range fitSteps {
		gradient, hessian := mat.NewVecDense(n, nil), mat.NewSymDense(n, nil)
		for j := range n {
			strength := l2
			if j == 0 {
				strength = biasL2
			}
			gradient.SetVec(j, strength*(w.AtVec(j)-start.AtVec(j)))
			hessian.SetSym(j, j, strength)
		}
		for i, row := range rows {
			x, trust := mat.NewVecDense(n, row), cases[i].weight()
			p := 1 / (1 + math.Exp(-mat.Dot(w, x)))
			gradient.AddScaledVec(gradient, trust*(p-truth(cases[i].Right)), x)
			hessian.SymRankOne(hessian, trust*p*(1-p), x)
		}
		var step mat.VecDense
		if step.SolveVec(hessian, gradient) != nil {
			break // the cases are separated perfectly; what was found so far separates them too
		}
		w.SubVec(w, &step)
	}
	c := Calibrator{Bias: w.AtVec(0), Weights: map[string]float64{}}
	for j, name := range names {
		c.Weights[name] = w.AtVec(j + 1)
	}
	return c
}

func truth(right bool) float64 {
	if right {
		return 1
	}
	return 0
}
