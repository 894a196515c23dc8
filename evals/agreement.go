package evals

import (
	"context"
	"math"
)

// Agreement says how far a judge and people say the same about the same replies.
type Agreement struct {
	Verdicts int      `json:"verdicts"` // replies that both judged
	Accuracy *float64 `json:"accuracy"` // share that they agree on; null without verdicts
	Kappa    *float64 `json:"kappa"`    // Cohen's: agreement beyond chance, at most 1; null if either says the same of all
}

// agreement asks the judge about the replies that people judged, those of the suite's verdicts.
func (j *Judge) agreement(ctx context.Context, s Suite) (*Agreement, error) {
	var people, machine []bool
	for _, c := range s.Cases {
		history := c.History
		for _, step := range c.steps() {
			if v := step.Verdict; v != nil {
				o, err := j.ask(ctx, exhibit{Question: step.Question, History: history, Reply: v.Reply, Facts: step.Facts})
				if err != nil {
					return nil, err
				}
				people, machine = append(people, v.Right), append(machine, o.Right)
			}
			history = append(history[:len(history):len(history)], step.Question)
		}
	}
	if len(people) == 0 {
		return nil, nil
	}
	accuracy, kappa := agree(people, machine)
	return &Agreement{Verdicts: len(people), Accuracy: number(accuracy), Kappa: number(kappa)}, nil
}

// agree returns the share of equal labels, and Cohen's kappa: how far it exceeds what labels drawn at random in the same
// proportions would reach. It is NaN where they would always be equal.
func agree(a, b []bool) (accuracy, kappa float64) {
	n := float64(len(a))
	var same, yesA, yesB float64
	for i := range a {
		same += truth(a[i] == b[i])
		yesA += truth(a[i])
		yesB += truth(b[i])
	}
	accuracy = same / n
	chance := (yesA*yesB + (n-yesA)*(n-yesB)) / (n * n)
	if chance == 1 {
		return accuracy, math.NaN()
	}
	return accuracy, (accuracy - chance) / (1 - chance)
}
