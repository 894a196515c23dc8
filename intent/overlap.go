package intent

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	// overlapLeast is how many examples of two intents must be mistaken for each other before it is told.
	overlapLeast = 3
	// overlapShare is the share of the smaller intent's examples that this must be, of those that were judged.
	overlapShare = 0.2
	// worstShown is how many of the examples are named.
	worstShown = 3
)

// mistake is an example that a model which had not seen it took for another intent's.
type mistake struct {
	labelled
	got         string
	probability float64
}

// findOverlaps names the pairs of intents that are mistaken for each other. The error is that of ctx.
func (r *reading) findOverlaps(ctx context.Context) error {
	examples := make([]Example, len(r.examples))
	for i, e := range r.examples {
		examples[i] = e.Example
	}
	predictions, err := validated(ctx, examples, func(int, int) {})
	if err != nil {
		return err
	}
	judged := map[string]int{}
	pairs := map[[2]string][]mistake{}
	for i, p := range predictions {
		e := r.examples[i]
		if p != nil {
			judged[e.Intent]++
		}
		if p == nil || e.Intent == OutOfScope || p.Alternatives[0].Name == e.Intent {
			continue
		}
		got := p.Alternatives[0]
		pair := [2]string{min(e.Intent, got.Name), max(e.Intent, got.Name)}
		pairs[pair] = append(pairs[pair], mistake{e, got.Name, got.Probability})
	}
	for _, pair := range slices.SortedFunc(maps.Keys(pairs), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		least := max(overlapLeast, overlapShare*float64(min(judged[pair[0]], judged[pair[1]])))
		if float64(len(pairs[pair])) >= least {
			r.findings = append(r.findings, overlap(pair, pairs[pair]))
		}
	}
	return nil
}

func overlap(pair [2]string, mistakes []mistake) Finding {
	slices.SortStableFunc(mistakes, func(a, b mistake) int { return cmp.Compare(b.probability, a.probability) })
	worst := mistakes[0]
	other := pair[0]
	if other == worst.Intent {
		other = pair[1]
	}
	var shown []string
	for _, m := range mistakes[:min(worstShown, len(mistakes))] {
		shown = append(shown, fmt.Sprintf("%q of %q%s", m.Text, m.Intent, inLine(m.line)))
	}
	return Finding{Severity: SeverityWarning, Kind: KindOverlap, Line: worst.line, Intent: worst.Intent, Other: other,
		Text: worst.Text, Message: fmt.Sprintf("the intents %q and %q are mistaken for each other in %d examples: say more "+
			"clearly what tells them apart, move examples, or merge the two; the worst: %s",
			pair[0], pair[1], len(mistakes), strings.Join(shown, "; "))}
}
