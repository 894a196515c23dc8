package knowledge

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
	"handrail/internal/text"
)

func TestSearchFindsTheAnswer(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, shop()...)
	for question, want := range map[string]string{
		"How do I return a lamp?":                "returns.md",
		"when will my parcel be delivered":       "shipping.md",
		"is a broken SWITCH covered?":            "warranty.md",
		"ＶＡＴ number":                             "invoice.md", // full-width letters
		"怎么退货？":                                  "退货.md",
		"企业发票怎么开":                                "发票.md",
		"do students pay less, with my uni card": "student-discount.md",
	} {
		res := search(t, b, ws, Query{Text: question})
		require.NotEmpty(t, res.Hits, question)
		require.Equal(t, want, res.Hits[0].URI, question)
	}
}

func TestSearchPrefersTheQuestionOfAnFAQ(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws,
		faq("1", "Can I change my address?", "Yes, until the parcel leaves. After that, ask the carrier to change the address."),
		faq("2", "Can I change the carrier?", "No. If you need another address, change the address before the parcel leaves."))
	require.Equal(t, []string{"2", "1"}, uris(search(t, b, ws, Query{Text: "change carrier"})))
	require.Equal(t, []string{"1", "2"}, uris(search(t, b, ws, Query{Text: "how can I change my address"})))
}

func TestSearchUsesTheHistory(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, append(shop(),
		texts("student-shipping.md", "Students at the campus fetch their parcel at the porter's desk; the porter keeps it for a week."),
		texts("student-library.md", "Students may borrow every lamp book of the library for a week."))...)
	alone := search(t, b, ws, Query{Text: "and for students?"})
	followUp := search(t, b, ws, Query{Text: "and for students?", History: []string{"hello", "Who keeps my parcel?"}})
	require.NotEqual(t, "student-shipping.md", alone.Hits[0].URI)
	require.Equal(t, "student-shipping.md", followUp.Hits[0].URI)
	require.Equal(t, alone.Evidence.Terms, followUp.Evidence.Terms, "the evidence is about the message itself")
}

func TestSearchFilters(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, append(shop(), faq("lamp", "Which lamp is best?", "The lamp that you like."))...)
	require.Equal(t, []string{"lamp"}, uris(search(t, b, ws, Query{Text: "lamp", Collections: []string{"faq"}})))
	require.Empty(t, search(t, b, ws, Query{Text: "lamp", Collections: []string{"none"}}).Hits)
	require.Len(t, search(t, b, ws, Query{Text: "lamp", Limit: 2}).Hits, 2)
	_, err := b.Search(t.Context(), ws, Query{Text: "lamp", Limit: -1})
	require.True(t, errs.Is(err, errs.Invalid))
}

func TestSearchPrefersTheLanguage(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	en, de := texts("a", "WLAN 5 GHz"), texts("b", "WLAN 5 GHz")
	en.Passages[0].Title, de.Passages[0].Title = "WLAN", "WLAN"
	de.Passages[0].Lang = "de"
	store(t, b, ws, en, de)
	require.Equal(t, "b", search(t, b, ws, Query{Text: "wlan", Lang: "de"}).Hits[0].URI)
	require.Equal(t, "a", search(t, b, ws, Query{Text: "wlan", Lang: "en"}).Hits[0].URI)
}

func TestSearchOfNothing(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	require.Equal(t, Evidence{Unknown: 1, Terms: 1, NamesMissing: 1}, search(t, b, ws, Query{Text: "lamp"}).Evidence, "an empty base")
	store(t, b, ws, shop()...)
	require.Equal(t, Result{}, search(t, b, ws, Query{Text: " ?!… \xff"}))
	res := search(t, b, ws, Query{Text: "zzyzx"})
	require.Empty(t, res.Hits)
	require.InDelta(t, 1, res.Evidence.Unknown, 1e-9)
	require.Empty(t, search(t, b, pgtest.Workspace(t, db), Query{Text: "lamp"}).Hits)
}

func TestSearchTakesAWholeLetter(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, shop()...)
	letter := strings.Repeat("Dear shop, my lamp has a broken switch and faulty wiring. ", 2000) + uuid.NewString()
	require.Equal(t, "warranty.md", search(t, b, ws, Query{Text: letter}).Hits[0].URI)
}

// The score that the database computes is BM25 as the textbook has it, with a prior on the idf.
func TestLexicalScoreIsBM25(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	items := shop()
	store(t, b, ws, items...)
	const question = "return the lamp, the label; 退货标签"
	res := search(t, b, ws, Query{Text: question})
	require.GreaterOrEqual(t, len(res.Hits), 4)
	for _, h := range res.Hits {
		require.InDelta(t, textbookBM25(items, question, h.URI), h.Lexical, 1e-3, h.URI)
	}
}

// textbookBM25 computes the score of one passage from scratch, by term text, without hashes or sparse vectors.
func textbookBM25(items []DocumentPassages, question, uri string) (score float64) {
	df, total := map[string]float64{}, 0.0
	var counts map[string]float64
	var length float64
	for _, d := range items {
		p := d.Passages[0]
		c := map[string]float64{}
		var l float64
		for field, weight := range map[string]float64{p.Title: titleWeight, p.Text: 1} {
			for _, t := range text.Terms(field) {
				c[t.Text] += weight
				l += weight
			}
			for _, t := range text.Concepts(text.Terms(field)) {
				c[t.Text] += weight
			}
		}
		for term := range c {
			df[term]++
		}
		total += l
		if d.Document.URI == uri {
			counts, length = c, l
		}
	}
	n := float64(len(items))
	terms := text.Terms(question)
	concepts := text.Concepts(terms)
	for _, t := range append(terms, concepts...) {
		c := counts[t.Text]
		idf := n / (n + idfPrior) * math.Log(1+(n-df[t.Text]+0.5)/(df[t.Text]+0.5))
		idf += idfPrior / (n + idfPrior) * math.Log(1+n) / 2
		idf *= kindWeight(t.Kind)
		if t.Kind != text.Concept && slices.ContainsFunc(concepts, func(c text.Term) bool { return c.Start <= t.Start && t.End <= c.End }) {
			idf *= restatedWeight
		}
		if text.IsFunction(t.Text) {
			idf *= functionWeight
		}
		score += idf * c / (c + saturation*(1-lengthPenalty+lengthPenalty*length/(total/n)))
	}
	return score
}
