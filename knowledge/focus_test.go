package knowledge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scattered and gathered hold the same words, far apart and together.
func scattered(filler int) (apart, together string) {
	pad := strings.Repeat(" filler", filler)
	return "clean" + pad + " lamp" + pad + " vinegar", "clean lamp vinegar" + pad + pad
}

func TestRankPrefersOnePlaceInLongPassages(t *testing.T) {
	t.Parallel()
	p := known("clean lamp vinegar")
	order := func(filler int) []int64 {
		apart, together := scattered(filler)
		hits := []Hit{
			{Passage: Passage{ID: 1, Text: apart}, Lexical: 5.1},
			{Passage: Passage{ID: 2, Text: together}, Lexical: 5},
		}
		rank(p, hits)
		return []int64{hits[0].ID, hits[1].ID}
	}
	require.Equal(t, []int64{2, 1}, order(300))
	require.Equal(t, []int64{1, 2}, order(70), "short passages hold everything in one place")
}

func TestFocusKeepsTheOrderOfTheRest(t *testing.T) {
	t.Parallel()
	p := known("clean lamp vinegar")
	apart, together := scattered(300)
	var hits []Hit
	for i := range 2 * focusDepth {
		h := Hit{Passage: Passage{ID: int64(i), Text: apart}, Lexical: 5}
		if i%2 == 1 {
			h.Text = together
		}
		hits = append(hits, h)
	}
	rank(p, hits)
	for i, h := range hits[focusDepth:] {
		require.Equal(t, int64(focusDepth+i), h.ID)
	}
	require.Equal(t, int64(1), hits[0].ID)
	p.focus(nil, nil, 0)
}
