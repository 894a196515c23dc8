package knowledge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// known parses a question as if every term of it stood in few of a thousand passages.
func known(question string) *parsed {
	p := parse(Query{Text: question})
	p.passages = 1000
	for id := range p.terms {
		p.learn(id, 10)
	}
	return p
}

func TestRankPrefersALikeLabel(t *testing.T) {
	t.Parallel()
	p := known("how do I clean the lamp")
	for name, labelled := range map[string]Passage{
		"title":    {ID: 2, Title: "Clean the lamp"},
		"question": {ID: 2, Title: "Questions", Question: "How do I clean my lamp?"},
		"heading":  {ID: 2, Title: "Lamp", HeadingPath: []string{"Care", "Clean the lamp"}},
	} {
		hits := []Hit{
			{Passage: Passage{ID: 1, Title: "Terms of the winter sale"}, Lexical: 5.1},
			{Passage: labelled, Lexical: 5.0},
		}
		rank(p, hits)
		require.Equal(t, int64(2), hits[0].ID, name)
	}
}

func TestRankScalesTheDenseSignal(t *testing.T) {
	t.Parallel()
	p := known("lamp")
	hits := []Hit{
		{Passage: Passage{ID: 1}, Lexical: p.ceiling() * 0.1, Dense: 0.81, DenseRank: 2},
		{Passage: Passage{ID: 2}, Dense: 0.83, DenseRank: 1},
		{Passage: Passage{ID: 3}, Lexical: p.ceiling() * 0.3},
	}
	rank(p, hits)
	require.Equal(t, []int64{2, 3, 1}, []int64{hits[0].ID, hits[1].ID, hits[2].ID})
	require.InDelta(t, denseWeight, hits[0].Score, 1e-9)
}

func TestCosine(t *testing.T) {
	t.Parallel()
	p := known("clean lamp")
	require.InDelta(t, 1, p.cosine(labelTerms("Clean lamps")), 0.01, "in the query, a word weighs less beside its concept")
	require.Zero(t, p.cosine(labelTerms("winter sale")))
	require.Zero(t, p.cosine(labelTerms("")))
	require.Greater(t, p.cosine(labelTerms("clean lamp shade")), p.cosine(labelTerms("clean lamp shade in winter")))
}
