package evals

import (
	"context"
	"fmt"
	"hash/fnv"

	"handrail/bot"
	"handrail/internal/text"
	"handrail/knowledge"
)

// Calibration is a calibrator fitted to labelled cases, with how well it does on cases that it was not fitted to.
type Calibration struct {
	Calibrator bot.Calibrator `json:"calibrator"`
	Kind       string         `json:"kind"`
	Cases      int            `json:"cases"`
	Right      float64        `json:"right"` // share of cases whose reply was right
	ECE        *float64       `json:"ece"`   // cross-validated
	AUROC      *float64       `json:"auroc"` // cross-validated: right above wrong
	AURC       *float64       `json:"aurc"`  // cross-validated
	Curve      []Coverage     `json:"risk_coverage"`
	Half       HeldOut        `json:"half"`

	Risk Risk `json:"-"` // cross-validated
}

const (
	folds = 5
	// penalty is the L2 strength of the fit, in cases: it pulls weights towards zero as strongly as that many examples.
	penalty = 0.2
)

// Calibrate fits the confidence to labelled cases and measures it by five-fold cross-validation, and on halves. Cases of
// one group stay together. Without names it refits the calibrator that ships, as a workspace does; with names it fits
// these features from nothing, to compare features.
func Calibrate(cases []bot.Labelled, names []string) Calibration {
	fit := bot.Calibrate
	if len(names) > 0 {
		fit = func(cases []bot.Labelled) bot.Calibrator { return bot.Fit(cases, names, penalty) }
	}
	confidence, right := crossValidate(cases, folds, fit)
	var hits float64
	for _, r := range right {
		hits += truth(r)
	}
	c := Calibration{Calibrator: fit(cases), Cases: len(cases), Right: round(hits / float64(len(cases))),
		ECE: number(ECE(confidence, right)), AUROC: number(AUROC(confidence, right)), Curve: RiskCoverage(confidence, right),
		Half: heldOut(cases, fit), Risk: RiskOf(confidence, right, defaultTarget)}
	c.Kind, c.AURC = c.Calibrator.Kind(), c.Risk.AURC
	return c
}

// defaultTarget is the share of wrong answers that thresholds are recommended for where nobody says another.
const defaultTarget = 0.03

// crossValidate returns the confidence of every case under a fit to the other folds.
func crossValidate(cases []bot.Labelled, folds int, fit func([]bot.Labelled) bot.Calibrator) (confidence []float64, right []bool) {
	for fold := range folds {
		train, test := bot.Split(cases, folds, fold)
		fitted := fit(train)
		for _, c := range test {
			confidence, right = append(confidence, fitted.Probability(c.Features)), append(right, c.Right)
		}
	}
	return confidence, right
}

// LabelledOf turns the results of a suite into cases for [Calibrate].
func LabelledOf(r Report) []bot.Labelled {
	var cases []bot.Labelled
	for _, res := range r.Results {
		if hasVerdict(res) {
			cases = append(cases, bot.Labelled{Features: bot.FeaturesOf(res.Features), Right: res.Right,
				Group: bot.GroupOf(res.Question)})
		}
	}
	return cases
}

// LabelledSet turns a retrieval set into cases for [Calibrate]: half of the documents, chosen by a hash of their ids, is
// left out of the index, so that about half of the questions have no answer in it, as happens to a help centre that
// lacks an article. A case is right if the best passage is relevant.
func LabelledSet(ctx context.Context, corpus []CorpusDoc, queries []Query, rel Qrels, most int, o RetrievalOptions) ([]bot.Labelled, error) {
	var kept []CorpusDoc
	for _, d := range corpus {
		if hash(d.ID)%2 == 0 {
			kept = append(kept, d)
		}
	}
	ids, err := index(ctx, kept, o)
	if err != nil {
		return nil, err
	}
	var cases []bot.Labelled
	step := max(1, len(queries)/most)
	for i := 0; i < len(queries); i += step {
		q := queries[i]
		o.progress("search", i+1, len(queries))
		found, err := o.Base.Search(ctx, o.Workspace, knowledge.Query{Text: q.Text, History: visitorHistory(q),
			Lang: text.Detect(q.Text, "en")})
		if err != nil {
			return nil, fmt.Errorf("search for query %s: %w", q.ID, err)
		}
		ranked := rank(found.Hits, ids)
		right := len(ranked) > 0 && rel[q.ID][ranked[0]] > 0
		cases = append(cases, bot.Labelled{Features: bot.SearchFeatures(q.Text, found), Right: right, Group: bot.GroupOf(q.Text)})
	}
	return cases, nil
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // a hash never fails to write
	return h.Sum32()
}
