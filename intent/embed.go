package intent

import (
	"context"
	"fmt"
	"time"

	"handrail/internal/llm"
)

// embedWait bounds the embedding of a message. It is short because the visitor waits, and the model without vectors is
// a good one.
const embedWait = 300 * time.Millisecond

// WithEmbedder makes the classifier train and judge by the vectors of e as well; nil changes nothing. Call it before
// any other method.
func (c *Classifier) WithEmbedder(e llm.Embedder) *Classifier {
	c.embedder = e
	return c
}

// fit trains a model on the examples, by their vectors as well where there is an embedder. If it fails, so does the
// training: a model that silently lacks its vectors would be worse than the one it replaces.
func (c *Classifier) fit(ctx context.Context, examples []Example) (*Model, error) {
	if c.embedder == nil {
		return TrainModel(examples, TrainOptions{})
	}
	texts := make([]string, len(examples))
	for i, e := range examples {
		texts[i] = e.Text
	}
	vectors, err := c.embedder.Embed(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed the examples: %w", err)
	}
	for i := range examples {
		examples[i].Vector = vectors[i]
	}
	return TrainModel(examples, TrainOptions{Embedder: c.embedder.Model()})
}

// predict judges a message by text and vector where the model knows vectors and the embedder gives one in time, and by
// its text alone else.
func (c *Classifier) predict(ctx context.Context, m *Model, text string) Prediction {
	if c.embedder == nil || m.joined == nil || m.embedder != c.embedder.Model() {
		return m.Predict(text)
	}
	ctx, cancel := context.WithTimeout(ctx, embedWait)
	defer cancel()
	vectors, err := c.embedder.Embed(ctx, []string{text})
	if err != nil {
		return m.Predict(text) // the embedder leaves an endpoint alone that keeps failing, so this costs little time
	}
	return m.PredictWith(text, vectors[0])
}
