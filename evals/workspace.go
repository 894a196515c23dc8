package evals

import (
	"context"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/internal/errs"
)

const (
	// minLabels and minEach are what a fit needs: below, the weights would follow single verdicts.
	minLabels = 40
	minEach   = 10
	// reviewedWeight is what a reviewed case counts beside a verdict: its document was written from the very question.
	reviewedWeight = 0.5
)

// LabelCount says where a workspace's labelled turns come from.
type LabelCount struct {
	Verdicts int `json:"verdicts"` // of agents, on answers given or withheld
	Ratings  int `json:"ratings"`  // answers in conversations that visitors rated and no person was asked into
	Cases    int `json:"cases"`    // reviewed cases
}

// WorkspaceLabels gathers what is known about right and wrong answers in a workspace. The cases of the suite are asked
// now; verdicts and ratings are about turns as they were recorded.
func WorkspaceLabels(ctx context.Context, b *bot.Bot, ws uuid.UUID, cases Suite) ([]bot.Labelled, LabelCount, error) {
	judgements, err := b.Labels(ctx, ws)
	if err != nil {
		return nil, LabelCount{}, err
	}
	var asked []bot.Labelled
	if len(cases.Cases) > 0 {
		report, err := Run(ctx, b, ws, cases, nil)
		if err != nil {
			return nil, LabelCount{}, err
		}
		asked = LabelledOf(report)
	}
	for i := range asked {
		asked[i].Weight = reviewedWeight
	}
	n := LabelCount{Verdicts: len(judgements.Verdicts), Ratings: len(judgements.Ratings), Cases: len(asked)}
	return append(append(judgements.Verdicts, judgements.Ratings...), asked...), n, nil
}

// FitWorkspace refits the confidence to a workspace's labelled turns. Too few of them are [errs.Invalid], saying how many
// are needed.
func FitWorkspace(cases []bot.Labelled, n LabelCount) (Calibration, error) {
	var right int
	for _, c := range cases {
		if c.Right {
			right++
		}
	}
	if wrong := len(cases) - right; len(cases) < minLabels || right < minEach || wrong < minEach {
		return Calibration{}, errs.New(errs.Invalid, "a fit needs at least %d labelled turns, %d of them right and %d wrong; "+
			"there are %d (%d verdicts, %d ratings, %d reviewed cases), %d right and %d wrong: let agents judge more of the "+
			"answers that the bot withheld", minLabels, minEach, minEach, len(cases), n.Verdicts, n.Ratings, n.Cases, right, wrong)
	}
	return Calibrate(cases, nil), nil
}

// RiskOfShipped measures the calibrator that ships on turns that people have judged. It has seen none of them.
func RiskOfShipped(cases []bot.Labelled, target float64) Risk {
	var confidence []float64
	var right []bool
	for _, c := range cases {
		confidence, right = append(confidence, bot.Shipped(c.Features).Probability(c.Features)), append(right, c.Right)
	}
	return RiskOf(confidence, right, target)
}

// Fitted is the calibration as a workspace stores it.
func (c Calibration) Fitted() bot.Fitted {
	return bot.Fitted{Calibrator: c.Calibrator, Cases: c.Cases, ECE: c.ECE, AUROC: c.AUROC, Curve: c.Risk}
}
