package knowledge

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEvidenceLiesInItsRange(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, shop()...)
	words := []string{"lamp", "the", "students", "and", "for", "zzyzx", "退货", "台灯", "发票", "?", "parcel", "\xff", "vat"}
	message := rapid.Custom(func(r *rapid.T) (s string) {
		for range rapid.IntRange(0, 12).Draw(r, "words") {
			s += rapid.SampledFrom(words).Draw(r, "word") + " "
		}
		return s
	})
	rapid.Check(t, func(r *rapid.T) {
		q := Query{Text: message.Draw(r, "text"), History: rapid.SliceOfN(message, 0, 3).Draw(r, "history")}
		res, err := b.Search(t.Context(), ws, q)
		require.NoError(r, err)
		e := res.Evidence
		for _, f := range []float64{e.Coverage, e.CoverageTop, e.Unknown, e.Score, e.Margin, e.TitleMatch,
			e.Proximity, e.Agreement, e.Gap, e.Sentence, e.Complete, e.NamesMissing, e.Negated} {
			require.True(r, f >= 0 && f <= 1, "%+v", e)
		}
		require.GreaterOrEqual(r, e.CoverageTop, e.Coverage)
		require.GreaterOrEqual(r, e.Coverage, e.TitleMatch)
		require.LessOrEqual(r, e.Coverage+e.Unknown, 1+1e-9)
		require.LessOrEqual(r, e.Sentence+e.NamesMissing, 1+1e-9)
	})
}

func TestEvidenceTellsAnswerableFromNot(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, shop()...)
	known := search(t, b, ws, Query{Text: "return an unused lamp within thirty days"}).Evidence
	other := search(t, b, ws, Query{Text: "book a flight from Oslo to Lima with two suitcases"}).Evidence
	require.Greater(t, known.Coverage, 0.9)
	require.Less(t, other.Coverage, 0.3)
	require.Greater(t, other.Unknown, 0.6)
	require.Greater(t, known.Score, other.Score)
	require.Greater(t, known.Proximity, 0.9)
	require.Equal(t, 3, search(t, b, ws, Query{Text: "退货标"}).Evidence.Terms, "characters, not their pairs")
}

func TestGapIsMeasuredFromTheFifthHit(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, texts("a", "the lamp has a brass switch"))
	alone := search(t, b, ws, Query{Text: "brass lamp switch"})
	require.InDelta(t, alone.Hits[0].Score, alone.Evidence.Gap, 1e-9, "nothing else was found")
	store(t, b, ws, texts("b", "the lamp has a brass switch", "a lamp", "a lamp", "a lamp"))
	echoed := search(t, b, ws, Query{Text: "brass lamp switch"}).Evidence
	require.Greater(t, echoed.Gap, 0.25, "an echo of the answer is no doubt")
	store(t, b, ws, texts("b", many(6, "the lamp has a brass switch")...))
	require.Less(t, search(t, b, ws, Query{Text: "brass lamp switch"}).Evidence.Gap, 0.2, "five passages say the same")
}

func TestMarginComparesDifferentDocuments(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, texts("a", "lamp switch", "lamp switch bulb"), texts("b", "parcel label"))
	require.Zero(t, search(t, b, ws, Query{Text: "lamp"}).Evidence.Margin)
	store(t, b, ws, texts("b", "lamp switch label"))
	require.Less(t, search(t, b, ws, Query{Text: "lamp"}).Evidence.Margin, 0.5)
}
