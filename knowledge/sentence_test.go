package knowledge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// harbour has two articles whose sentences share their words.
func harbour() []DocumentPassages {
	return []DocumentPassages{
		texts("berths.md", "A berth at the eastern pier costs 40 crowns a night. Boats longer than 12 metres moor at the "+
			"western pier. The crane lifts 8 tons and is out of service in winter."),
		texts("mooring.md", "Guests pay at the office of Captain Lindqvist. Nobody may anchor in the channel of Skarvik."),
		texts("泊位.md", "东码头的泊位每晚四十克朗。长于十二米的船停在西码头。起重机冬天停用，最多吊起八吨。"),
	}
}

func TestSentenceHoldsTheQuestionTogether(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, harbour()...)
	for _, pair := range [][2]string{
		{"a night at the eastern pier", "a night at the western pier"},
		{"Does the crane lift 8 tons?", "Does the crane lift 12 tons?"},
		{"东码头的泊位每晚多少克朗？", "西码头的泊位每晚多少克朗？"},
		{"起重机可以吊起八吨吗？", "起重机可以吊起十二米吗？"},
	} {
		known := search(t, b, ws, Query{Text: pair[0]}).Evidence
		other := search(t, b, ws, Query{Text: pair[1]}).Evidence
		require.Greater(t, known.Sentence, other.Sentence, pair[1])
		require.Greater(t, known.Complete, other.Complete, pair[1])
	}
	require.InDelta(t, 1, search(t, b, ws, Query{Text: "the pier: 40 crowns for berths"}).Evidence.Sentence, 1e-9)
}

func TestNamesMissingWeighsNamesAndNumbersOnly(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, harbour()...)
	for question, missing := range map[string]bool{
		"Where is the office of Captain Lindqvist?": false,
		"Where is the office of Captain Skarvik?":   true,
		"where is the office of captain skarvik?":   false, // not written as a name
		"Does the crane lift 8 tons?":               false,
		"Does the crane lift 12 tons?":              true,
		"Skarvik office of the captain":             false, // any first word is capitalised
		"zyzzyva":                                   true,  // nothing was found at all
	} {
		require.Equal(t, missing, search(t, b, ws, Query{Text: question}).Evidence.NamesMissing > 0, question)
	}
}

func TestNegatedComparesQuestionAndSentence(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, harbour()...)
	for question, want := range map[string]float64{
		"Which boats moor at the western pier?":       0,
		"Which boats don't moor at the western pier?": 1,
		"Which boats don’t moor at the western pier?": 1,
		"Who may never anchor in the channel?":        0, // the sentence says nobody may
		"哪些船停在西码头？":                                   0,
		"哪些船不停在西码头？":                                  1,
	} {
		require.InDelta(t, want, search(t, b, ws, Query{Text: question}).Evidence.Negated, 0, question)
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for question, want := range map[string][]string{
		"":                     nil,
		"Which pier is it?":    {"pier"},
		"the crane, the crane": {"crane"},
		"退货的标签":                {"退货", "标签"}, // no pair across the function character
		"我的灯呢":                 {"灯"},        // alone among function characters
		"誰買燈":                  {"买灯"},
		"iPhone用的灯":            {"iphon", "灯"},
	} {
		p := parse(Query{Text: question})
		words := make(map[int32]string)
		for _, w := range []string{"pier", "crane", "退货", "标签", "灯", "买灯", "iphon"} {
			words[termID(w)] = w
		}
		var got []string
		list, _ := p.units()
		for _, u := range list {
			got = append(got, words[u.id])
		}
		require.Equal(t, want, got, question)
	}
}

func TestUnitsDiscountWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	p := parse(Query{Text: "Which pier has the crane?"})
	for _, id := range p.order {
		p.learn(id, 0)
	}
	list, total := p.units()
	require.Len(t, list, 2)
	require.InDelta(t, askedForWeight*list[1].weight, list[0].weight, 1e-9, "the answer names the pier")
	require.InDelta(t, list[0].weight+list[1].weight, total, 1e-9)
}

func BenchmarkEvidence(b *testing.B) {
	p := parse(Query{Text: "How much does a berth at the western pier cost for boats longer than 12 metres?"})
	p.passages = 1000
	var hits []Hit
	for _, d := range harbour() {
		for _, s := range many(4, d.Passages[0].Text) {
			hits = append(hits, Hit{Passage: Passage{Title: "Harbour", Text: s + s + s + s}, Score: 1, Lexical: 1})
		}
	}
	for _, id := range p.order {
		p.learn(id, 10)
	}
	for b.Loop() {
		evidenceOf(p, hits)
	}
}
