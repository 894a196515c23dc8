package text

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func conceptsIn(s string) string {
	var found []string
	for _, t := range Concepts(Terms(s)) {
		found = append(found, t.Text)
	}
	return strings.Join(found, " ")
}

func TestConceptsJoinWhatMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"怎么退钱", "如何返款"},
		{"為什麼無法登錄", "为啥没法登陆"},
		{"top up", "deposit"},
		{"signing in", "Log-In"},
		{"how much?", "the cost"},
	} {
		require.NotEmpty(t, conceptsIn(pair[0]), pair[0])
		require.Equal(t, conceptsIn(pair[0]), conceptsIn(pair[1]), pair)
	}
}

func TestConceptsKeepOppositesApart(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"开通", "关闭"},
		{"绑定", "解除绑定"},
		{"turn on", "turn off"},
		{"怎么", "为什么"},
	} {
		require.NotEmpty(t, conceptsIn(pair[0]), pair[0])
		require.NotEqual(t, conceptsIn(pair[0]), conceptsIn(pair[1]), pair)
	}
}

func TestConceptsTakeTheLongestPhrase(t *testing.T) {
	t.Parallel()
	require.Equal(t, "=解绑", conceptsIn("取消绑定"))
	require.Equal(t, "=取消 =绑定", conceptsIn("取消,绑定"), "a comma ends a phrase")
	require.Equal(t, "=login", conceptsIn("log in"))
	require.Empty(t, conceptsIn("log, in"))
}

func TestConceptsSpanTheirPhrase(t *testing.T) {
	t.Parallel()
	const in = "Please call off my 订单"
	var got []string
	for _, c := range Concepts(Terms(in)) {
		require.Equal(t, Concept, c.Kind)
		got = append(got, in[c.Start:c.End])
	}
	require.Equal(t, []string{"call off", "订单"}, got)
}

// A word in two lines would belong to whichever was read last.
func TestAPhraseOfTheLexiconHasOneMeaning(t *testing.T) {
	t.Parallel()
	line := map[string]string{}
	for l := range strings.Lines(paraphraseLines) {
		if strings.HasPrefix(l, "#") {
			continue
		}
		for _, w := range strings.Fields(l) {
			var key []string
			for _, unit := range unpaired(Terms(strings.ReplaceAll(w, "_", " "))) {
				key = append(key, unit.Text)
			}
			require.NotEmpty(t, key, w)
			path := strings.Join(key, " ")
			assert.Contains(t, []string{"", l}, line[path], "%q stands in two lines", w)
			line[path] = l
		}
	}
}

func TestConceptsOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.String().Draw(r, "text")
		last := 0
		for _, c := range Concepts(Terms(s)) {
			require.True(r, last <= c.Start && c.Start < c.End && c.End <= len(s))
			last = c.End
		}
	})
}

func TestTermsFoldTraditionalCharacters(t *testing.T) {
	t.Parallel()
	simplifiedTerms, traditionalTerms := Terms("网络账单体验"), Terms("網絡賬單體驗")
	require.Equal(t, simplifiedTerms, traditionalTerms)
	require.Equal(t, "ニ", Terms("ニ")[0].Text, "Kana stay")
	for from, to := range simplified() {
		require.NotEqual(t, from, to)
		require.Equal(t, ideograph, classify(to), "%c", from)
	}
}
