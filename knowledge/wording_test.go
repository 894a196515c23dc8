package knowledge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// reworded ranks a passage with the words of the question in another order, but a little more of them in its text,
// before one that is labelled with the question. It returns the id of the best.
func reworded(p *parsed, filler int) Hit {
	pad := strings.Repeat(" filler", filler)
	hits := []Hit{
		{Passage: Passage{ID: 1, Title: "Camera lamp from shade to", Text: "lamp" + pad}, Lexical: 5.1},
		{Passage: Passage{ID: 2, Title: "From camera to lamp shade", Text: "lamp" + pad}, Lexical: 5},
	}
	rank(p, hits)
	return hits[0]
}

func TestRankPrefersTheSameOrderWherePassagesAreShort(t *testing.T) {
	t.Parallel()
	const question = "from camera to lamp shade"
	best := reworded(known(question), 10)
	require.Equal(t, int64(2), best.ID)
	require.InDelta(t, wordingWeight, best.Parts.Wording, 0.01)
	require.InDelta(t, labelWeight+shortLabelWeight, best.Parts.Label, 0.01)

	long := reworded(known(question), 4*focusWindow)
	require.Equal(t, int64(1), long.ID, "long passages answer more than their label asks")
	require.Zero(t, long.Parts.Wording)
	require.LessOrEqual(t, long.Parts.Label, labelWeight)
	require.Positive(t, long.Parts.Label)

	between := reworded(known(question), focusWindow*3/2-1)
	require.InDelta(t, wordingWeight/2, between.Parts.Wording, 0.01, "it fades")

	following := known(question)
	following.History = []string{"hello"}
	require.Equal(t, int64(1), reworded(following, 10).ID)
}

func TestRankGivesLexicalWeightAwayWherePassagesAreShort(t *testing.T) {
	t.Parallel()
	p := known("clean lamp")
	hits := []Hit{{Passage: Passage{ID: 1, Text: "clean lamp"}, Lexical: p.ceiling()}}
	rank(p, hits)
	require.InDelta(t, shortLexicalWeight, hits[0].Score, 1e-9)
}

func TestSameOrder(t *testing.T) {
	t.Parallel()
	p := known("can I pay by card or in cash")
	order := func(a, b string) float64 { return p.sameOrder(wordingOf(termsOf(a)), wordingOf(termsOf(b))) }
	require.InDelta(t, 1, order("pay card cash", "pay card cash"), 1e-9)
	require.InDelta(t, 1./3, order("pay card cash", "cash card pay"), 0.01)
	require.InDelta(t, 2./3, order("pay", "pay pay"), 1e-9, "each word meets one")
	require.Zero(t, order("pay card", "winter sale"))
	require.Zero(t, order("", ""))
	require.InDelta(t, 1, order("怎么退款", "如何退款"), 1e-9, "a phrase of the lexicon is its concept")
	require.Less(t, order("怎么退款", "为什么退款"), 1.)
}

func TestSameOrderIsAShare(t *testing.T) {
	t.Parallel()
	p := known("can I pay by card or in cash")
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.SampledFrom(append(p.order, -1, -2)))
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		share := p.sameOrder(a, b)
		if share < 0 || share > 1+1e-9 {
			t.Fatalf("share %v", share)
		}
		if back := p.sameOrder(b, a); back-share > 1e-9 || share-back > 1e-9 {
			t.Fatalf("%v one way and %v the other", share, back)
		}
	})
}

func TestWordingIsBounded(t *testing.T) {
	t.Parallel()
	require.Len(t, wordingOf(termsOf(strings.Repeat("lamp shade ", 500))), maxWording)
}
