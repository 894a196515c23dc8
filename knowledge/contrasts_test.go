package knowledge

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// twoProducts labels a base that sells lamps and ovens, never both on one page.
func twoProducts() []string {
	var labels []string
	for i := range 40 {
		for _, product := range []string{"lamp", "oven"} {
			labels = append(labels, fmt.Sprintf("Using the %s, part %d", product, i))
		}
	}
	return labels
}

func TestContrastsAreCommonTermsThatNeverMeet(t *testing.T) {
	t.Parallel()
	c := learnContrasts(twoProducts())
	row := func(word string) int { return c.rows[termID(word)] }
	require.Greater(t, c.strength(row("lamp"), row("oven")), 0.4)
	require.Zero(t, c.strength(row("lamp"), row("part")), "they meet often")
	require.Zero(t, c.strength(row("lamp"), row("7")), "too rare to tell")
}

func TestClash(t *testing.T) {
	t.Parallel()
	c := learnContrasts(twoProducts())
	clash := func(question, label string) float64 {
		return c.clash(c.asked(parse(Query{Text: question})), labelTerms(label))
	}
	require.Positive(t, clash("how do I use the lamp", "Using the oven"))
	require.Zero(t, clash("how do I use the lamp", "Using the lamp"))
	require.Zero(t, clash("how do I use the lamp", "Using the lamp beside the oven"))
	require.Zero(t, clash("how do lamp and oven differ", "Using the oven"))
	require.Zero(t, clash("where are you", "Using the oven"))
	asked := c.asked(parse(Query{Text: "and how", History: []string{"lamp"}}))
	require.Zero(t, c.clash(asked, labelTerms("Using the oven")), "said before, not asked now")
}

func TestRankPutsAnAlternativeLast(t *testing.T) {
	t.Parallel()
	p := known("how long does the lamp last")
	p.contrasts = learnContrasts(twoProducts())
	hits := []Hit{
		{Passage: Passage{ID: 1, Title: "How long does the oven last?"}, Lexical: 5},
		{Passage: Passage{ID: 2, Title: "How long the lamp keeps"}, Lexical: 4.95},
	}
	without := *p
	without.contrasts = nil
	rank(&without, hits)
	require.Equal(t, int64(1), hits[0].ID)
	rank(p, hits)
	require.Equal(t, int64(2), hits[0].ID)
}

func TestContrastsAreLearnedAgainAsTheBaseGrows(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	var items []DocumentPassages
	for _, label := range twoProducts() {
		items = append(items, texts(label, label))
	}
	store(t, b, ws, items[:10]...)
	search(t, b, ws, Query{Text: "lamp"})
	first := b.contrasts.of[ws]
	require.InDelta(t, 10, first.labels, 0)
	search(t, b, ws, Query{Text: "oven"})
	require.Same(t, first, b.contrasts.of[ws])
	store(t, b, ws, items...)
	search(t, b, ws, Query{Text: "lamp"})
	require.InDelta(t, 80, b.contrasts.of[ws].labels, 0)
	require.NotEmpty(t, b.contrasts.of[ws].rows)
}
