package intent_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
	"handrail/internal/postgres/pgtest"
)

// withVectors returns the shop's examples with vectors that know their intent by one dimension each, and more exactly
// than any word does.
func withVectors() []intent.Example {
	examples := shopExamples()
	for i := range examples {
		examples[i].Vector = meaning(examples[i].Intent)
	}
	return examples
}

func meaning(name string) []float32 {
	v := make([]float32, 8)
	for i, n := range []string{"order_status", "refund", "change_address", "opening_hours", "greeting"} {
		if n == name {
			v[i] = 1
		}
	}
	v[7] = 3 // what all vectors of an embedder have in common
	return v
}

func TestVectorsJoinTheWords(t *testing.T) {
	t.Parallel()
	m, err := intent.TrainModel(withVectors(), intent.TrainOptions{Embedder: "test"})
	require.NoError(t, err)
	require.Equal(t, 8, m.Dimensions())
	p := m.PredictWith("zebra", meaning("refund"))
	require.Equal(t, "refund", p.Intent, "the word says nothing, the vector everything: %+v", p)
	require.Equal(t, "refund", m.PredictWith("give me back the cash", meaning("refund")).Intent)
	require.Equal(t, m.Predict("where is my parcel"), m.PredictWith("where is my parcel", []float32{1, 2}),
		"a vector of another length")

	plain := shopModel(t)
	require.Zero(t, plain.Dimensions())
	require.Equal(t, plain.Predict("where is my parcel"), m.Predict("where is my parcel"),
		"vectors change no judgement without one")
}

func TestModelWithVectorsSurvivesStorage(t *testing.T) {
	t.Parallel()
	m, err := intent.TrainModel(withVectors(), intent.TrainOptions{Embedder: "test"})
	require.NoError(t, err)
	b, err := m.MarshalBinary()
	require.NoError(t, err)
	var stored intent.Model
	require.NoError(t, stored.UnmarshalBinary(b))
	require.Equal(t, m.PredictWith("my parcel", meaning("greeting")), stored.PredictWith("my parcel", meaning("greeting")))
	require.Equal(t, m.Predict("my parcel"), stored.Predict("my parcel"))
	for n := 0; n < len(b); n += len(b)/20 + 1 {
		require.Error(t, new(intent.Model).UnmarshalBinary(b[:n]), "cut after %d bytes", n)
	}
}

func TestExamplesWithoutVectorsMakeAPlainModel(t *testing.T) {
	t.Parallel()
	examples := withVectors()
	examples[3].Vector = nil
	m, err := intent.TrainModel(examples, intent.TrainOptions{})
	require.NoError(t, err)
	require.Zero(t, m.Dimensions())
}

func FuzzPredictWith(f *testing.F) {
	m, err := intent.TrainModel(withVectors(), intent.TrainOptions{})
	require.NoError(f, err)
	f.Add("where is my parcel", float32(0), float32(1))
	f.Fuzz(func(t *testing.T, s string, a, b float32) {
		if a != a || b != b || math.Abs(float64(a)) > 1e9 || math.Abs(float64(b)) > 1e9 {
			t.Skip("the embedder refuses what is no number")
		}
		p := m.PredictWith(s, []float32{a, b, a, b, 0, 0, 0, a})
		require.False(t, math.IsNaN(p.Probability) || math.IsNaN(p.OutOfScope))
	})
}

func TestClassifierUsesTheEmbedderAndDoesWithoutIt(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	server := llmtest.Start(t)
	config := server.EmbedConfig()
	config.Retry.Delay = 1
	embedder, err := llm.NewOpenAIEmbedder(config)
	require.NoError(t, err)
	t.Cleanup(embedder.Close)
	c := intent.NewClassifier(db).WithEmbedder(embedder)
	cat := intent.Catalog{}
	for name, texts := range shop {
		cat.Intents = append(cat.Intents, intent.Intent{Name: name, Policy: intent.PolicyAnswer,
			Examples: map[string][]string{"en": texts}})
	}
	_, err = c.Train(t.Context(), ws, cat)
	require.NoError(t, err)
	require.Len(t, server.Requests(), 1, "the examples are one batch")

	with := classify(t, c, ws, "where is my parcel now")
	require.Len(t, server.Requests(), 2)
	require.Equal(t, "order_status", with.Name)
	without := classify(t, intent.NewClassifier(db), ws, "where is my parcel now")
	require.NotEqual(t, without.Probability, with.Probability)

	server.Fail(llmtest.HeaderStall)
	require.Equal(t, without, classify(t, c, ws, "where is my parcel now"), "the text alone in silence")
	server.Fail(llmtest.ServerError)
	require.Equal(t, without, classify(t, c, ws, "where is my parcel now"), "and when it fails")
	_, err = c.Train(t.Context(), ws, cat)
	require.Error(t, err, "no model silently lacks its vectors")
	require.Equal(t, 1, classify(t, c, ws, "where is my parcel now").Model)
}
