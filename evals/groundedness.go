package evals

import (
	"maps"
	"math/rand/v2"
	"slices"

	"handrail/bot"
	"handrail/internal/errs"
	"handrail/internal/text"
)

// GroundedRow is one text of a set with the passage it should rest on: either sentences with a verdict each, or a
// response with one verdict for all of it.
type GroundedRow struct {
	ID        string `json:"id"`
	Source    string `json:"source"`
	Context   string `json:"context"`
	Response  string `json:"response"`
	Label     string `json:"label"` // of the response: see attributable and generic
	Sentences []struct {
		Text      string `json:"text"`
		Supported bool   `json:"supported"`
	} `json:"sentences"`
}

// The labels of whole responses. One that states nothing is left out; any other label means "not attributable".
const (
	attributable = "Fully attributable"
	generic      = "Generic"
)

// GroundedScore is how well supported sentences are told from others in one source of a set.
type GroundedScore struct {
	Source    string     `json:"source"`
	N         int        `json:"n"`
	Supported int        `json:"supported"`
	AUROC     *float64   `json:"auroc"`          // of bot.Support as it ships
	LeftOut   *float64   `json:"auroc_left_out"` // of weights fitted to the other sources only; null if there is none
	Interval  [2]float64 `json:"interval"`       // 95 %, of LeftOut, or of AUROC where that is null
	Unigrams  *float64   `json:"unigrams"`       // reference: share of the words that stand in the context
	Bigrams   *float64   `json:"bigrams"`        // reference: the same for pairs of neighbouring words
	Gain      [2]float64 `json:"gain"`           // 95 % interval of the lead over Bigrams, on the same resamples
}

// GroundedReport is the outcome of [Groundedness].
type GroundedReport struct {
	Sources []GroundedScore `json:"sources"`
	AUROC   float64         `json:"mean_auroc"`
	LeftOut float64         `json:"mean_auroc_left_out"`
	Bigrams float64         `json:"mean_bigrams"`
}

// groundedCase is one judged text.
type groundedCase struct {
	labelled          bot.Labelled
	support           float64
	unigrams, bigrams float64
}

// Groundedness scores [bot.Support] on judged sentences, next to the plain overlap of words, by source. Each source is
// also scored with weights that were fitted to the other sources alone.
func Groundedness(rows []GroundedRow, progress func(done, total int)) (GroundedReport, error) {
	sources := map[string][]groundedCase{}
	for i, r := range rows {
		sources[r.Source] = append(sources[r.Source], r.cases()...)
		if progress != nil {
			progress(i+1, len(rows))
		}
	}
	var report GroundedReport
	names := slices.Sorted(maps.Keys(sources))
	for _, name := range names {
		var others []bot.Labelled
		for _, other := range names {
			if other != name {
				others = append(others, labelledOf(sources[other])...)
			}
		}
		if len(sources[name]) > 0 {
			report.Sources = append(report.Sources, scoreGrounded(name, sources[name], others))
		}
	}
	if len(report.Sources) == 0 {
		return report, errs.New(errs.Invalid, "the file has no judged sentence: each line needs context, and sentences or a label")
	}
	report.average()
	return report, nil
}

func (r GroundedRow) cases() []groundedCase {
	var cases []groundedCase
	for _, s := range r.Sentences {
		cases = append(cases, groundedCaseOf(s.Text, r.Context, s.Supported))
	}
	if len(r.Sentences) == 0 && r.Label != "" && r.Label != generic {
		cases = append(cases, groundedCaseOf(r.Response, r.Context, r.Label == attributable))
	}
	return cases
}

func groundedCaseOf(said, context string, supported bool) groundedCase {
	words, in := text.Words(said), text.Words(context)
	return groundedCase{
		labelled: bot.Labelled{Features: bot.SupportFeatures(said, []string{context}), Right: supported},
		support:  bot.Support(said, []string{context}),
		unigrams: covered(words, in, 1), bigrams: covered(words, in, 2),
	}
}

// covered is the share of the runs of n words that stand in the context, as the reference counts it: by type of word,
// without stems or weights.
func covered(words, in []string, n int) float64 {
	have := map[[2]string]bool{}
	run := func(w []string, i int) (r [2]string) { copy(r[:], w[i:i+n]); return r }
	for i := range max(0, len(in)-n+1) {
		have[run(in, i)] = true
	}
	var found, all float64
	for i := range max(0, len(words)-n+1) {
		all++
		if have[run(words, i)] {
			found++
		}
	}
	return found / max(1, all)
}

func labelledOf(cases []groundedCase) []bot.Labelled {
	var labelled []bot.Labelled
	for _, c := range cases {
		labelled = append(labelled, c.labelled)
	}
	return labelled
}

func scoreGrounded(source string, cases []groundedCase, others []bot.Labelled) GroundedScore {
	score := GroundedScore{Source: source, N: len(cases)}
	var ours, left, unigrams, bigrams []float64
	var right []bool
	fitted := bot.FitSupport(others)
	for _, c := range cases {
		ours, left = append(ours, c.support), append(left, fitted.Probability(c.labelled.Features))
		unigrams, bigrams = append(unigrams, c.unigrams), append(bigrams, c.bigrams)
		right = append(right, c.labelled.Right)
		if c.labelled.Right {
			score.Supported++
		}
	}
	score.AUROC, score.Unigrams, score.Bigrams = number(AUROC(ours, right)), number(AUROC(unigrams, right)), number(AUROC(bigrams, right))
	judged := ours
	if len(others) > 0 {
		judged, score.LeftOut = left, number(AUROC(left, right))
	}
	score.Interval, score.Gain = areaIntervals(judged, bigrams, right)
	return score
}

// areaIntervals returns the 95 % bootstrap intervals of the AUROC of ours and of its lead over the reference.
func areaIntervals(ours, reference []float64, right []bool) (own, gain [2]float64) {
	random := rand.New(rand.NewPCG(1, 2)) // the same draws every time: a run can be repeated
	var areas, leads []float64
	for range resamples {
		a, b, y := make([]float64, len(ours)), make([]float64, len(ours)), make([]bool, len(ours))
		for i := range ours {
			k := random.IntN(len(ours))
			a[i], b[i], y[i] = ours[k], reference[k], right[k]
		}
		if area := AUROC(a, y); number(area) != nil {
			areas, leads = append(areas, area), append(leads, area-AUROC(b, y))
		}
	}
	between := func(v []float64) [2]float64 { return [2]float64{round(quantile(v, .025)), round(quantile(v, .975))} }
	return between(areas), between(leads)
}

func (r *GroundedReport) average() {
	n := float64(len(r.Sources))
	add := func(to, x *float64) {
		if x != nil {
			*to += *x / n
		}
	}
	for _, s := range r.Sources {
		add(&r.AUROC, s.AUROC)
		add(&r.LeftOut, s.LeftOut)
		add(&r.Bigrams, s.Bigrams)
	}
	r.AUROC, r.LeftOut, r.Bigrams = round(r.AUROC), round(r.LeftOut), round(r.Bigrams)
}
