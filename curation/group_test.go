package curation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// asked makes one question of each text, a minute apart.
func asked(texts ...string) []question {
	list := make([]question, len(texts))
	for i, s := range texts {
		list[i] = question{conversation: uuid.NewSHA1(uuid.Nil, []byte(fmt.Sprint(i))), seq: 1, text: s, lang: "en",
			reason: "low_confidence", at: time.Unix(1_700_000_000, 0).Add(time.Duration(i) * time.Minute)}
	}
	return list
}

// members lists the texts of each group, sorted.
func members(groups []group) [][]string {
	var out [][]string
	for _, g := range groups {
		var texts []string
		for _, q := range g.questions {
			texts = append(texts, q.text)
		}
		slices.Sort(texts)
		out = append(out, texts)
	}
	return out
}

func TestNearEqualQuestionsAreGrouped(t *testing.T) {
	t.Parallel()
	groups := groupQuestions(asked(
		"Do you engrave leather wallets?", "do you engrave wallets made of leather", "Can you engrave a leather wallet please",
		"How long does delivery to Norway take?", "delivery to Norway how long does it take?",
		"How much is delivery to Iceland?",
		"可以在钱包上刻字吗？", "请问钱包可以刻字吗", "你们钱包刻字吗",
		"挪威配送要多久？", "???", "",
	))
	require.Equal(t, [][]string{
		{"你们钱包刻字吗", "可以在钱包上刻字吗？", "请问钱包可以刻字吗"},
		{"Can you engrave a leather wallet please", "Do you engrave leather wallets?", "do you engrave wallets made of leather"},
		{"How long does delivery to Norway take?", "delivery to Norway how long does it take?"},
		{"挪威配送要多久？"},
		{"How much is delivery to Iceland?"},
	}, members(groups))
	require.Equal(t, "low_confidence", groups[0].reason())
}

func TestEqualWordsAreOneWording(t *testing.T) {
	t.Parallel()
	groups := groupQuestions(asked("Where is my parcel?", "WHERE is my parcel", "where is my parcel!!"))
	require.Len(t, groups, 1)
	require.Equal(t, keyOf("where is my parcel"), groups[0].key)
	require.Equal(t, "Where is my parcel?", groups[0].representative().text)
	require.Len(t, groups[0].wordings, 1)
}

func TestGroupingDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	words := strings.Fields("return refund parcel wallet engrave norway delivery long cost how can i the 退货 运费 多久 发票")
	rapid.Check(t, func(t *rapid.T) {
		sentence := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(words), 0, 6), func(ws []string) string { return strings.Join(ws, " ") })
		questions := asked(rapid.SliceOfN(sentence, 0, 40).Draw(t, "questions")...)
		want := groupQuestions(slices.Clone(questions))
		shuffled := slices.Clone(questions)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		got := groupQuestions(shuffled)
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Fatalf("another order gives other groups:\n%v\n%v", want, got)
		}
		total := 0
		for _, g := range got {
			total += len(g.questions)
			if g.representative().text == "" || len(g.questions) == 0 {
				t.Fatalf("a group without a representative: %v", g)
			}
		}
		if total > len(questions) {
			t.Fatalf("%d questions became %d", len(questions), total)
		}
	})
}

// TestPrefixesFindEveryPair compares the neighbours with those that comparing all pairs finds.
func TestPrefixesFindEveryPair(t *testing.T) {
	t.Parallel()
	words := strings.Fields("a return refund parcel wallet engrave norway delivery how 退货 运费 多久")
	rapid.Check(t, func(t *rapid.T) {
		sentence := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(words), 1, 5), func(ws []string) string { return strings.Join(ws, " ") })
		vs := vectors(rapid.SliceOfN(sentence, 1, 30).Draw(t, "texts"))
		near := neighbours(vs, alike)
		for i := range vs {
			spread := make([]float64, terms(vs))
			for _, t := range vs[i] {
				spread[t.term] = t.weight
			}
			var want []int
			for j := range vs {
				if i != j && likeness(spread, vs[j]) >= alike {
					want = append(want, j)
				}
			}
			var got []int
			for _, n := range near[i] {
				got = append(got, n.index)
			}
			if !slices.Equal(want, got) {
				t.Fatalf("text %d is like %v, not like %v", i, want, got)
			}
		}
	})
}

func TestFiveThousandQuestionsAreGroupedAtOnce(t *testing.T) {
	t.Parallel()
	for name, questions := range map[string][]question{"usual": usual(5000), "formulaic": formulaic(5000)} {
		start := time.Now()
		groups := groupQuestions(questions)
		took := time.Since(start)
		t.Logf("%s: %d groups in %v", name, len(groups), took)
		// Generous, for the race detector on a busy machine; the benchmark below has the figures.
		require.Less(t, took, 15*time.Second, name)
	}
}

// usual questions draw their words from a vocabulary in which few words are common, as in any language.
func usual(n int) []question {
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 3, 4000)
	texts := make([]string, n)
	for i := range texts {
		var ws []string
		for range 4 + random.IntN(12) {
			ws = append(ws, fmt.Sprintf("w%dx", zipf.Uint64()))
		}
		texts[i] = strings.Join(ws, " ")
	}
	return asked(texts...)
}

// formulaic questions differ in one rare word only.
func formulaic(n int) []question {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("please tell me the exact delivery price of the leather wallet model m%dq", i)
	}
	return asked(texts...)
}

// long questions fill the room that a question has.
func long(n int) []question {
	random := rand.New(rand.NewPCG(3, 4))
	zipf := rand.NewZipf(random, 1.1, 3, 4000)
	texts := make([]string, n)
	for i := range texts {
		var ws []string
		for range 80 {
			ws = append(ws, fmt.Sprintf("w%dx", zipf.Uint64()))
		}
		texts[i] = clip(strings.Join(ws, " "), maxQuestion)
	}
	return asked(texts...)
}

func BenchmarkGroup5000(b *testing.B) {
	for name, questions := range map[string][]question{"usual": usual(5000), "formulaic": formulaic(5000), "long": long(5000)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				groupQuestions(questions)
			}
		})
	}
}
