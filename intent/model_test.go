package intent_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/intent"
	"handrail/internal/errs"
)

// shop is a small bilingual catalog, as a new customer would write it.
var shop = map[string][]string{
	"order_status": {"where is my parcel", "when will my order arrive", "track my package", "has my order been shipped",
		"my delivery is late", "我的快递到哪了", "什么时候发货", "查一下物流", "包裹还没到"},
	"refund": {"i want my money back", "when do i get my refund", "refund my order please", "has the refund been paid",
		"how long does a refund take", "我要退款", "退款什么时候到账", "钱还没退给我", "怎么申请退款"},
	"change_address": {"change my delivery address", "i moved, send it somewhere else", "wrong address on my order",
		"can you ship to another address", "update the shipping address", "修改收货地址", "地址填错了", "可以换个地址吗", "搬家了想改地址"},
	"opening_hours": {"when are you open", "opening hours of the shop", "are you open on sunday", "what time do you close",
		"store hours today", "你们几点开门", "周日营业吗", "营业时间是什么", "几点关门"},
	"greeting": {"hello", "hi there", "good morning", "hey", "good evening", "你好", "您好", "早上好", "嗨"},
}

func shopExamples() []intent.Example {
	var out []intent.Example
	for _, name := range []string{"order_status", "refund", "change_address", "opening_hours", "greeting"} {
		for _, text := range shop[name] {
			out = append(out, intent.Example{Text: text, Intent: name})
		}
	}
	return out
}

func shopModel(t testing.TB) *intent.Model {
	t.Helper()
	m, err := intent.TrainModel(shopExamples(), intent.TrainOptions{})
	require.NoError(t, err)
	return m
}

func TestPredictUnderstandsOtherWords(t *testing.T) {
	t.Parallel()
	m := shopModel(t)
	for text, want := range map[string]string{
		"where's my package?":                "order_status",
		"please tell me where the parcel is": "order_status",
		"I still have no refund":             "refund",
		"reimburse me":                       "refund", // a word of none of the examples, known to the concepts
		"I need to change the adress":        "change_address",
		"what are your opening times":        "opening_hours",
		"快递怎么还没到":                            "order_status",
		"请给我退钱":                              "refund",
		"收货地址能改吗":                            "change_address",
		"今天几点关门啊":                            "opening_hours",
		"hello!":                             "greeting",
	} {
		p := m.Predict(text)
		require.Equal(t, want, p.Alternatives[0].Name, "%s: %+v", text, p)
	}
	inside, outside := m.Predict("when will my parcel arrive"), m.Predict("who painted the Mona Lisa")
	require.Equal(t, "order_status", inside.Intent)
	require.Less(t, inside.OutOfScope, outside.OutOfScope)
	require.Greater(t, m.Predict("光合作用的原理").OutOfScope, inside.OutOfScope)
}

func TestPredictWithoutWords(t *testing.T) {
	t.Parallel()
	m := shopModel(t)
	for _, text := range []string{"", "  ", "?!", "\xff"} {
		p := m.Predict(text)
		require.Equal(t, intent.OutOfScope, p.Intent, "%q", text)
		require.Len(t, p.Alternatives, len(shop))
	}
}

func TestTrainingIsDeterministic(t *testing.T) {
	t.Parallel()
	first, err := shopModel(t).MarshalBinary()
	require.NoError(t, err)
	second, err := shopModel(t).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, first, second)
}

func TestModelSurvivesStorage(t *testing.T) {
	t.Parallel()
	m := shopModel(t)
	b, err := m.MarshalBinary()
	require.NoError(t, err)
	var stored intent.Model
	require.NoError(t, stored.UnmarshalBinary(b))
	for _, text := range []string{"where is my parcel", "我要退款", "nothing of this", ""} {
		require.Equal(t, m.Predict(text), stored.Predict(text))
	}
	for n := 0; n < len(b); n += len(b)/20 + 1 {
		require.Error(t, new(intent.Model).UnmarshalBinary(b[:n]), "cut after %d bytes", n)
	}
}

func TestProbabilitiesSumToOne(t *testing.T) {
	t.Parallel()
	words := strings.Fields("where is my parcel refund order 我 的 快递 退款 hello not the zebra 12345 ! café")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.Map(rapid.SliceOf(rapid.SampledFrom(words)), func(w []string) string { return strings.Join(w, " ") }),
			rapid.String()).Draw(t, "text")
		p := propertyModel().Predict(text)
		sum := 0.0
		for i, a := range p.Alternatives {
			sum += a.Probability
			require.True(t, i == 0 || a.Probability <= p.Alternatives[i-1].Probability)
		}
		require.InDelta(t, 1, sum, 1e-9)
		require.Equal(t, p.Alternatives[0].Probability, p.Probability)
		require.True(t, p.Margin >= 0 && p.Margin <= p.Probability)
		require.True(t, p.OutOfScope >= 0 && p.OutOfScope <= 1)
		require.Equal(t, p, propertyModel().Predict(text))
	})
}

func FuzzPredict(f *testing.F) {
	f.Add("where is my parcel 我要退款 \xff")
	f.Fuzz(func(t *testing.T, s string) {
		p := propertyModel().Predict(s)
		require.False(t, math.IsNaN(p.Probability) || math.IsNaN(p.OutOfScope))
	})
}

func TestTrainModelOfFewExamples(t *testing.T) {
	t.Parallel()
	_, err := intent.TrainModel(nil, intent.TrainOptions{})
	require.Equal(t, errs.Invalid, errs.KindOf(err))
	_, err = intent.TrainModel([]intent.Example{{Text: "x", Intent: intent.OutOfScope}}, intent.TrainOptions{})
	require.Equal(t, errs.Invalid, errs.KindOf(err))

	m, err := intent.TrainModel([]intent.Example{{Text: "where is my order", Intent: "order"}}, intent.TrainOptions{})
	require.NoError(t, err)
	p := m.Predict("where is my order")
	require.Equal(t, "order", p.Intent)
	require.InDelta(t, 1, p.Probability, 1e-9)
	require.Equal(t, intent.OutOfScope, m.Predict("zebra").Intent)

	m, err = intent.TrainModel([]intent.Example{{Text: "where is it", Intent: "a"}, {Text: "give money", Intent: "b"}}, intent.TrainOptions{})
	require.NoError(t, err)
	require.Equal(t, "b", m.Predict("money please").Alternatives[0].Name)
}

func TestValidationExamplesFixTheThreshold(t *testing.T) {
	t.Parallel()
	var valid []intent.Example
	for i := range 30 {
		valid = append(valid, intent.Example{Text: fmt.Sprintf("zebra %d crossing the savanna", i), Intent: intent.OutOfScope},
			intent.Example{Text: shop["refund"][i%9] + " please", Intent: "refund"})
	}
	m, err := intent.TrainModel(shopExamples(), intent.TrainOptions{Valid: valid})
	require.NoError(t, err)
	require.Equal(t, intent.OutOfScope, m.Predict("a zebra is crossing").Intent)
	require.Equal(t, "refund", m.Predict("refund please").Intent)
}
