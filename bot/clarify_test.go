package bot

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/text"
)

func TestSpecificity(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "card", "my parcel", "is it free?", "how do I use this", "it does not work", "which one is better?",
		"I have a question about my bicycle", "there is a problem with my order", "what does that cost", "can I change it?",
		"退款", "能改吗？", "要多久", "这个多少钱", "怎么用", "用不了", "有个关于帐篷的问题", "我想换一个"} {
		require.LessOrEqual(t, specificityOf(s).total(), float64(vague), s)
	}
	for _, s := range []string{"track my parcel", "forgot my password", "delete my account", "gift card balance", "what does express delivery cost",
		"can I change the address of my order", "the brakes of my bicycle do not work", "do you ship to Japan?",
		"忘记密码", "取消订单", "优惠码无效", "运费多少钱", "积分会过期吗", "怎么申请退货", "查物流"} {
		require.Greater(t, specificityOf(s).total(), float64(vague), s)
	}
}

func TestSpecificityOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "message")
		got := specificityOf(s)
		require.True(t, got.things >= 0 && got.rest >= 0)
		require.LessOrEqual(t, got.total(), float64(len(text.Words(s))))
	})
}

func TestTheChoiceTakenLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.train()
	b := w.bot(0.9, nil)
	asked := w.respond(b, w.turn("card"))
	require.Equal(t, Clarify, asked.Decision)
	for _, c := range asked.Choices {
		if c.Label != "Gift cards" && c.Label != "Credit cards" {
			continue
		}
		next := w.turn(" " + c.Label)
		next.History = []Utterance{{FromVisitor: true, Text: "card"}, {Text: asked.Text, Choices: asked.Choices}}
		r := w.respond(b, next)
		require.Equal(t, Answer, r.Decision, "%s: %s", c.Label, r.Reason)
		require.Equal(t, c.Label, r.Citations[0].Title, "the document that was chosen")
	}
	next := w.turn("Warranty")
	next.History = []Utterance{{FromVisitor: true, Text: "how long?"},
		{Text: asked.Text, Choices: []Choice{{"intent:returns", "Return a bicycle"}, {"intent:warranty", "Warranty"}}}}
	r := w.respond(b, next)
	require.Equal(t, []any{"warranty", 1.0}, []any{r.Intent.Name, r.Intent.Probability}, "the intent that was chosen")
	require.NotEqual(t, Clarify, r.Decision)
	require.Equal(t, "Frame warranty", r.Passages[0].Title)
}

func TestATurnThatTakesNoChoiceIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	turn := Turn{Text: "neither", History: []Utterance{{FromVisitor: true, Text: "card"}, {Text: "Which?", Choices: []Choice{{"document:x", "Gift cards"}}}}}
	require.Equal(t, turn, taken(turn))
	turn.Text = "ＧＩＦＴ cards"
	got := taken(turn)
	require.Equal(t, []any{"card\nＧＩＦＴ cards", 0, "document:x"}, []any{got.Text, len(got.History), got.chosen.ID})
	turn.History = append(turn.History, Utterance{FromVisitor: true, Text: "hm"}, Utterance{Text: "Yes?"})
	require.Nil(t, taken(turn).chosen, "the choices of an older question are no longer offered")
}

func TestLabelsThatLookTheSame(t *testing.T) {
	t.Parallel()
	for _, p := range [][2]string{{"Delivery fee", "Delivery fees"}, {"Return policy", "The return policy"}, {"退货政策", "退货的政策"}} {
		require.True(t, sameLabel(p[0], p[1]), p)
	}
	for _, p := range [][2]string{{"Gift cards", "Credit cards"}, {"Refund", "Cancel an order"}, {"退货政策", "退款时间"}} {
		require.False(t, sameLabel(p[0], p[1]), p)
	}
}
