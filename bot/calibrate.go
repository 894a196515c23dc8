package bot

import "hash/fnv"

const (
	// calibrateFolds is in how many parts the cases are cut to learn what becomes of cases that were not fitted to.
	calibrateFolds = 5
	// closeness is the strength of the pull towards the calibrator that ships, in cases.
	closeness = 1
	// refineFrom is the number of cases from which the shape of the curve can be learnt as well: below, the steps follow
	// chance. docs/adr/004-confidence.md has the measurements.
	refineFrom = 200
)

// Calibrate refits the calibrator that ships to labelled cases. With enough of them it is refined by what became of the
// cases of each fold under a fit to the others.
func Calibrate(cases []Labelled) Calibrator {
	near := nearestShipped(cases)
	c := FitNear(near, cases, closeness)
	if len(cases) < refineFrom {
		return c
	}
	var judged []Judged
	for fold := range calibrateFolds {
		train, test := Split(cases, calibrateFolds, fold)
		fitted := FitNear(near, train, closeness)
		for _, l := range test {
			judged = append(judged, Judged{Probability: fitted.Probability(l.Features), Right: l.Right, Weight: l.Weight})
		}
	}
	c.Refinement = Refine(judged)
	return c
}

// nearestShipped is what ships for most of the cases.
func nearestShipped(cases []Labelled) Calibrator {
	var led int
	for _, c := range cases {
		if c.Features.get("intents") > 0 {
			led++
		}
	}
	if 2*led > len(cases) {
		return DefaultCalibrator()
	}
	return SearchCalibrator()
}

// Split returns the cases outside and inside one of so many folds. Cases of one group are always on the same side, so
// that a copy of a question cannot vouch for itself.
func Split(cases []Labelled, folds, fold int) (train, test []Labelled) {
	for i, c := range cases {
		place := i
		if c.Group != "" {
			h := fnv.New32a()
			_, _ = h.Write([]byte(c.Group)) // a hash never fails to write
			place = int(h.Sum32() >> 1)
		}
		if place%folds == fold {
			test = append(test, c)
		} else {
			train = append(train, c)
		}
	}
	return train, test
}
