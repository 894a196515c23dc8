package knowledge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// paraphrases asks in words that the right passage does not hold, beside one that shares more of the wrong words.
var paraphrases = []struct{ question, right, wrong string }{
	{"如何返款到储蓄卡", "怎么退钱到银行卡", "如何查询开户行"},
	{"為什麼登入不了", "为啥没法登陆", "为了登山出入平安"},
	{"修改手机号", "更换电话号码", "修理手提箱"},
	{"How do I get my cash reimbursed?", "Getting a refund of your money", "Which branch is my nearest?"},
	{"I want to terminate my membership", "Cancel your subscription", "What I want in my basket"},
}

func TestSearchFindsParaphrases(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	var items []DocumentPassages
	for _, p := range paraphrases {
		items = append(items, texts(p.right, p.right), texts(p.wrong, p.wrong))
	}
	store(t, b, ws, items...)
	for _, p := range paraphrases {
		require.Equal(t, p.right, search(t, b, ws, Query{Text: p.question}).Hits[0].URI, p.question)
	}
}

func TestConceptsAreNoEvidenceOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := known("cancel the order")
	mass, _, terms := p.ownMass()
	require.Equal(t, 2, terms)
	require.InDelta(t, 2*inverseFrequency(10, 1000), mass, 1e-9)
}

func TestASmallBaseTrustsItsFrequenciesLess(t *testing.T) {
	t.Parallel()
	contrast := func(n float64) float64 { return inverseFrequency(1, n) / inverseFrequency(n/2, n) }
	require.Greater(t, contrast(10_000), contrast(100))
	require.InDelta(t, 1, inverseFrequency(3, 10_000)/9.0, 0.15, "in a large base the prior is hardly felt")
	require.Greater(t, inverseFrequency(5, 5), 0.5, "a term of every passage still counts")
}
