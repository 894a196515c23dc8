package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"handrail/internal/errs"
)

// Distribution is how long something takes.
type Distribution struct {
	Shape string        `yaml:"shape"` // exponential, lognormal, constant or never
	Mean  time.Duration `yaml:"mean"`
	CV    float64       `yaml:"cv"` // standard deviation by mean, of a lognormal; 0 means 1
}

func (d Distribution) check(what string) error {
	switch d.Shape {
	case "never":
		return nil
	case "exponential", "lognormal", "constant":
		if d.Mean <= 0 {
			return errs.New(errs.Invalid, "%s: the mean is %v: write a time such as 6m", what, d.Mean)
		}
		return nil
	}
	return errs.New(errs.Invalid, "%s: the shape is %q: use exponential, lognormal, constant or never", what, d.Shape)
}

// draw returns seconds. It takes the same number of random values for every shape, so that changing one distribution of
// a scenario leaves the others' values as they are.
func (d Distribution) draw(r *rand.Rand) float64 {
	e, n := r.ExpFloat64(), r.NormFloat64()
	mean := d.Mean.Seconds()
	switch d.Shape {
	case "never":
		return math.Inf(1)
	case "constant":
		return mean
	case "lognormal":
		cv := d.CV
		if cv == 0 {
			cv = 1
		}
		variance := math.Log(1 + cv*cv)
		return mean * math.Exp(n*math.Sqrt(variance)-variance/2)
	}
	return e * mean
}
