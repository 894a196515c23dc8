package evals

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"handrail/intent"
	"handrail/internal/errs"
)

// outOfScope is the intent of rows that belong to none.
const outOfScope = intent.OutOfScope

// IntentRow is one labelled message.
type IntentRow struct {
	Text   string `json:"text"`
	Intent string `json:"intent"` // "oos" = out of scope
	Split  string `json:"split"`
	Lang   string `json:"lang"`
}

// IntentOptions names the splits to train on, to fix thresholds on, and to score. An empty Valid means cross-validation
// on the training split.
type IntentOptions struct {
	Train, Valid, Test string
}

// IntentReport holds the scores of a classifier on one set. Shares are in [0, 1]; a score that the set does not allow
// is null.
type IntentReport struct {
	InScopeAccuracy *float64   `json:"in_scope_accuracy"` // over in-scope rows; an "oos" answer is wrong
	OOSRecall       *float64   `json:"oos_recall"`        // over out-of-scope rows
	OOSAUROC        *float64   `json:"oos_auroc"`
	MacroF1         *float64   `json:"macro_f1"` // over the classes of the test split, out of scope included
	ECE             *float64   `json:"ece"`      // of the best intent's probability, over in-scope rows
	TrainS          float64    `json:"train_s"`
	P50us           float64    `json:"p50_us"`
	P99us           float64    `json:"p99_us"`
	Classes         int        `json:"classes"`
	NTest           int        `json:"n_test"`
	Coverage        []Coverage `json:"coverage"`
}

// Intents trains a classifier on one split and scores it on another. Every threshold is fixed on the validation split,
// or by cross-validation on the training split where there is none.
func Intents(ctx context.Context, rows []IntentRow, o IntentOptions) (IntentReport, error) {
	train, valid, test := split(rows, o.Train), split(rows, o.Valid), split(rows, o.Test)
	if len(train) == 0 {
		return IntentReport{}, missingSplit(rows, o.Train, "--train")
	}
	if len(test) == 0 {
		return IntentReport{}, missingSplit(rows, o.Test, "--test")
	}
	if o.Valid == o.Test {
		valid = nil // scoring on the rows that fixed the thresholds would flatter them
	}
	start := time.Now()
	m, err := intent.TrainModel(examples(train), intent.TrainOptions{Valid: examples(valid)})
	if err != nil {
		return IntentReport{}, err
	}
	r := scoreIntents(ctx, m, test)
	r.TrainS = round(time.Since(start).Seconds() - r.testSeconds)
	r.Classes = classes(train)
	return r.IntentReport, ctx.Err()
}

type intentScores struct {
	IntentReport
	testSeconds float64
}

func scoreIntents(ctx context.Context, m *intent.Model, test []IntentRow) intentScores {
	var (
		start                = time.Now()
		took, oosScore, conf []float64
		isOOS, right         []bool
		inScope, inHit       float64
		oos, oosHit          float64
		predicted, gold      []string
		coverConf            []float64
		coverRight           []bool
	)
	for _, row := range test {
		if ctx.Err() != nil {
			break
		}
		begin := time.Now()
		p := m.Predict(row.Text)
		took = append(took, float64(time.Since(begin).Nanoseconds())/1000)
		hit := p.Intent == row.Intent
		predicted, gold = append(predicted, p.Intent), append(gold, row.Intent)
		oosScore, isOOS = append(oosScore, p.OutOfScope), append(isOOS, row.Intent == outOfScope)
		coverConf, coverRight = append(coverConf, p.Probability*(1-p.OutOfScope)), append(coverRight, best(p) == row.Intent)
		if row.Intent == outOfScope {
			oos++
			oosHit += truth(hit)
			continue
		}
		inScope++
		inHit += truth(hit)
		conf, right = append(conf, p.Probability), append(right, best(p) == row.Intent)
	}
	return intentScores{testSeconds: time.Since(start).Seconds(), IntentReport: IntentReport{
		InScopeAccuracy: number(inHit / inScope), OOSRecall: number(oosHit / oos), OOSAUROC: number(AUROC(oosScore, isOOS)),
		MacroF1: number(macroF1(gold, predicted)), ECE: number(ECE(conf, right)),
		P50us: round(quantile(took, .5)), P99us: round(quantile(took, .99)), NTest: len(test),
		Coverage: RiskCoverage(coverConf, coverRight),
	}}
}

// best is the most probable intent, whatever the out-of-scope score says.
func best(p intent.Prediction) string {
	if len(p.Alternatives) == 0 {
		return ""
	}
	return p.Alternatives[0].Name
}

// macroF1 is the mean of the F1 scores of all gold classes.
func macroF1(gold, predicted []string) float64 {
	type counts struct{ tp, fp, fn float64 }
	by := map[string]*counts{}
	get := func(name string) *counts {
		if by[name] == nil {
			by[name] = &counts{}
		}
		return by[name]
	}
	for i := range gold {
		if gold[i] == predicted[i] {
			get(gold[i]).tp++
			continue
		}
		get(gold[i]).fn++
		get(predicted[i]).fp++
	}
	var sum, n float64
	for _, c := range by {
		if c.tp+c.fn == 0 {
			continue // predicted, but not a class of the test split
		}
		n++
		sum += 2 * c.tp / (2*c.tp + c.fp + c.fn)
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / n
}

func split(rows []IntentRow, name string) []IntentRow {
	var out []IntentRow
	for _, r := range rows {
		if name != "" && r.Split == name {
			out = append(out, r)
		}
	}
	return out
}

func examples(rows []IntentRow) []intent.Example {
	out := make([]intent.Example, 0, len(rows))
	for _, r := range rows {
		out = append(out, intent.Example{Text: r.Text, Intent: r.Intent, Lang: r.Lang})
	}
	return out
}

func classes(rows []IntentRow) int {
	seen := map[string]bool{}
	for _, r := range rows {
		if r.Intent != outOfScope {
			seen[r.Intent] = true
		}
	}
	return len(seen)
}

func missingSplit(rows []IntentRow, name, flag string) error {
	count := map[string]int{}
	for _, r := range rows {
		count[r.Split]++
	}
	have := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Compare(a, b) })
	return errs.New(errs.Invalid, "no row has split %q: the file has %s; choose one with %s", name, strings.Join(have, ", "), flag)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
