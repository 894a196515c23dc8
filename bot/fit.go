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
	p := problem{names: names, l2: l2, biasL2: biasL2, start: mat.NewVecDense(len(names)+1, nil)}
	p.start.SetVec(0, near.Bias)
	for j, name := range names {
		p.start.SetVec(j+1, near.Weights[name])
	}
	for _, k := range cases {
		x := mat.NewVecDense(len(names)+1, nil)
		x.SetVec(0, 1) // the bias comes first
		for j, name := range names {
			x.SetVec(j+1, squash(Feature{name, k.Features.get(name)}))
		}
		p.rows, p.right, p.trust = append(p.rows, x), append(p.right, truth(k.Right)), append(p.trust, k.weight())
	}
	w := p.solve()
	c := Calibrator{Bias: w.AtVec(0), Weights: map[string]float64{}}
	for j, name := range names {
		c.Weights[name] = w.AtVec(j + 1)
	}
	return c
}

// problem is a penalised logistic regression.
type problem struct {
	names        []string
	rows         []*mat.VecDense
	right, trust []float64
	start        *mat.VecDense // what the penalty pulls to
	l2, biasL2   float64
}

func (p problem) penalty(j int) float64 {
	if j == 0 {
		return p.biasL2
	}
	return p.l2
}

// solve follows Newton's steps, each halved until it leads down: a whole one may overshoot where the cases are nearly
// separated.
func (p problem) solve() *mat.VecDense {
	w := mat.VecDenseCopyOf(p.start)
	loss := p.loss(w)
	for range fitSteps {
		var step mat.VecDense
		gradient, hessian := p.slope(w)
		if step.SolveVec(hessian, gradient) != nil {
			break // the cases are separated perfectly; what was found so far separates them too
		}
		better := false
		for size := 1.0; size > 1e-4 && !better; size /= 2 {
			next := mat.VecDenseCopyOf(w)
			next.AddScaledVec(w, -size, &step)
			if l := p.loss(next); l < loss {
				w, loss, better = next, l, true
			}
		}
		if !better {
			break
		}
	}
	return w
}

func (p problem) loss(w *mat.VecDense) (sum float64) {
	for j := range w.Len() {
		d := w.AtVec(j) - p.start.AtVec(j)
		sum += p.penalty(j) * d * d / 2
	}
	for i, x := range p.rows {
		z := mat.Dot(w, x)
		sum += p.trust[i] * (max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - p.right[i]*z)
	}
	return sum
}

func (p problem) slope(w *mat.VecDense) (*mat.VecDense, *mat.SymDense) {
	gradient, hessian := mat.NewVecDense(w.Len(), nil), mat.NewSymDense(w.Len(), nil)
	for j := range w.Len() {
		gradient.SetVec(j, p.penalty(j)*(w.AtVec(j)-p.start.AtVec(j)))
		hessian.SetSym(j, j, p.penalty(j))
	}
	for i, x := range p.rows {
		q := 1 / (1 + math.Exp(-mat.Dot(w, x)))
		gradient.AddScaledVec(gradient, p.trust[i]*(q-p.right[i]), x)
		hessian.SymRankOne(hessian, p.trust[i]*q*(1-q), x)
	}
	return gradient, hessian
}

func truth(right bool) float64 {
	if right {
		return 1
	}
	return 0
}
