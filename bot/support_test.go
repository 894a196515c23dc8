package bot

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/knowledge"
)

// The passages that the sentences of these tests are about.
const (
	returnsPage = "Unused items can be returned within 30 days of delivery. Gift cards cannot be returned. " +
		"Return shipping is free for members of the Trail Club."
	workshopPage = "Ms Keller signed the lease with Mr Odum in May. The workshop in Portland repairs tents, and the " +
		"workshop in Bergen repairs boots."
	refundsPage   = "Refunds to PayPal arrive within 1 working day. Refunds to a bank card take 5 working days."
	returnsPageZH = "未使用的商品可以在签收后30天内退货。礼品卡不能退货。会员退货免运费。"
	refundsPageZH = "上海的门店维修帐篷，杭州的门店维修登山鞋。退款到支付宝需要1个工作日，退款到银行卡需要5个工作日。"
)

// Each pair says nearly the same words; only the first says what the passage says.
func TestSupportTellsATrueSentenceFromItsContrary(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ passage, right, wrong string }{
		"dropped negation":            {returnsPage, "Gift cards cannot be returned.", "Gift cards can be returned."},
		"added negation":              {returnsPage, "You can return unused items within 30 days.", "You cannot return unused items within 30 days."},
		"changed number":              {returnsPage, "Unused items can be returned within 30 days.", "Unused items can be returned within 60 days."},
		"swapped names":               {workshopPage, "In May, Ms Keller signed a lease with Mr Odum.", "In May, Mr Odum signed a lease with Ms Keller."},
		"one place for another":       {workshopPage, "The workshop in Bergen repairs boots.", "The workshop in Portland repairs boots."},
		"another's number":            {refundsPage, "A refund to PayPal takes 1 working day.", "A refund to PayPal takes 5 working days."},
		"added claim":                 {returnsPage, "Unused items can be returned within 30 days.", "Unused items can be returned within 30 days and we pay for a taxi."},
		"paraphrase and invention":    {returnsPage, "You can send unused items back within 30 days.", "You can keep broken parcels here for 30 days."},
		"merge and mix":               {refundsPage, "Refunds take 1 working day to PayPal and 5 working days to a bank card.", "Refunds take 5 working days to PayPal and 1 working day to a bank card."},
		"Chinese: dropped negation":   {returnsPageZH, "礼品卡不能退货。", "礼品卡可以退货。"},
		"Chinese: added negation":     {returnsPageZH, "未使用的商品签收后30天内可以退货。", "未使用的商品签收后30天内不可以退货。"},
		"Chinese: changed number":     {returnsPageZH, "签收后30天内可以退货。", "签收后60天内可以退货。"},
		"Chinese: another's number":   {refundsPageZH, "退到支付宝要1个工作日。", "退到支付宝要5个工作日。"},
		"Chinese: one for another":    {refundsPageZH, "杭州的门店维修登山鞋。", "上海的门店维修登山鞋。"},
		"Chinese: added claim":        {returnsPageZH, "未使用的商品30天内可以退货。", "未使用的商品30天内可以退货，我们还报销打车费。"},
		"Chinese: merge and reversal": {returnsPageZH, "商品签收后30天内可以退货，礼品卡不能退货。", "商品签收后30天内不能退货，礼品卡可以退货。"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Greater(t, Support(test.right, []string{test.passage}), Support(test.wrong, []string{test.passage}))
		})
	}
}

func TestSupportTakesWhatTwoPassagesSayTogether(t *testing.T) {
	t.Parallel()
	both := "Refunds to PayPal arrive within 1 working day, and gift cards cannot be returned."
	require.Greater(t, Support(both, []string{returnsPage, refundsPage}), Support(both, []string{returnsPage}))
	require.Greater(t, Support(both, []string{returnsPage, refundsPage}), 0.5)
}

func TestTheGuardRefusesWhatThePassageDenies(t *testing.T) {
	t.Parallel()
	hits := func(s string) []knowledge.Hit {
		return []knowledge.Hit{{Passage: knowledge.Passage{Title: "Help", Text: s}}}
	}
	for sentence, page := range map[string]string{
		"Gift cards can be returned [1].":                     returnsPage,
		"Unused items cannot be returned within 30 days [1].": returnsPage,
		"Refunds to PayPal take 5 working days [1].":          refundsPage,
		"The workshop in Portland repairs boots [1].":         workshopPage,
		"礼品卡可以退货[1]。":                                         returnsPageZH,
		"退款到支付宝需要5个工作日[1]。":                                   refundsPageZH,
	} {
		require.False(t, supported(sentence, hits(page)), sentence)
	}
	for sentence, page := range map[string]string{
		"Gift cards cannot be returned [1].":                      returnsPage,
		"You can return unused items within 30 days [1].":         returnsPage,
		"Refunds to PayPal take 1 working day [1].":               refundsPage,
		"The workshop in Bergen repairs boots [1].":               workshopPage,
		"礼品卡不能退货[1]。":                                             returnsPageZH,
		"退款到支付宝需要1个工作日[1]。":                                       refundsPageZH,
		"Members of the Trail Club get free return shipping [1].": returnsPage,
	} {
		require.True(t, supported(sentence, hits(page)), sentence)
	}
}

func TestSupportOfAnything(t *testing.T) {
	t.Parallel()
	require.Zero(t, Support("", []string{returnsPage}))
	require.Zero(t, Support("Gift cards cannot be returned.", nil))
	rapid.Check(t, func(t *rapid.T) {
		s, p := rapid.String().Draw(t, "sentence"), rapid.SliceOf(rapid.String()).Draw(t, "passages")
		got := Support(s, p)
		require.True(t, got >= 0 && got <= 1, got)
		require.Equal(t, got, Support(s, p))
	})
}
