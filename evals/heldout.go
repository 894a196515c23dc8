package evals

import (
	"math/rand/v2"
	"slices"

	"handrail/bot"
)

// HeldOut is the calibration on one half of the cases of a fit to the other half, the mean of both ways round.
type HeldOut struct {
	Cases int      `json:"cases"` // of the smaller half
	ECE   *float64 `json:"ece"`
	Low   *float64 `json:"low"`   // 90 % interval of ECE by bootstrap
	High  *float64 `json:"high"`  // likewise
	Floor *float64 `json:"floor"` // ECE of a perfect calibrator on so few cases: chance alone gives that much on average
	AUROC *float64 `json:"auroc"`
}

func heldOut(cases []bot.Labelled, fit func([]bot.Labelled) bot.Calibrator) HeldOut {
	h := HeldOut{Cases: len(cases)}
	var ece, floor, auroc float64
	again := make([]float64, resamples)
	rnd := rand.New(rand.NewPCG(1, 2)) // fixed, so that the same cases print the same numbers
	for side := range 2 {
		train, test := bot.Split(cases, 2, side)
		fitted := fit(train)
		h.Cases = min(h.Cases, len(test))
		var confidence []float64
		var right []bool
		for _, c := range test {
			confidence, right = append(confidence, fitted.Probability(c.Features)), append(right, c.Right)
		}
		ece, auroc = ece+ECE(confidence, right)/2, auroc+AUROC(confidence, right)/2
		for i := range again {
			again[i] += resampledECE(rnd, confidence, right) / 2
			floor += perfectECE(rnd, confidence) / 2 / resamples
		}
	}
	slices.Sort(again)
	h.ECE, h.AUROC, h.Floor = number(ece), number(auroc), number(floor)
	h.Low, h.High = number(again[resamples/20]), number(again[resamples-resamples/20-1])
	return h
}

func resampledECE(rnd *rand.Rand, confidence []float64, right []bool) float64 {
	c, r := make([]float64, len(confidence)), make([]bool, len(confidence))
	for i := range c {
		k := rnd.IntN(len(confidence))
		c[i], r[i] = confidence[k], right[k]
	}
	return ECE(c, r)
}

// perfectECE draws verdicts that follow the confidence exactly.
func perfectECE(rnd *rand.Rand, confidence []float64) float64 {
	right := make([]bool, len(confidence))
	for i, c := range confidence {
		right[i] = rnd.Float64() < c
	}
	return ECE(confidence, right)
}
