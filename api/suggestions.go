package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"handrail/intent"
)

// suggestionDays is how far back messages worth labelling are looked for.
const suggestionDays = 30

type suggestion struct {
	Text         string    `json:"text" doc:"personal data is masked"`
	Lang         string    `json:"lang"`
	Intent       string    `json:"intent" doc:"best guess"`
	Probability  float64   `json:"probability" doc:"of the guess"`
	Count        int       `json:"count" doc:"how often it was said"`
	Conversation uuid.UUID `json:"conversation" doc:"where it was said last"`
	Seq          int64     `json:"seq"`
	At           time.Time `json:"at"`
}

type suggestionsOutput struct {
	Body struct {
		Items []suggestion `json:"items"`
	}
}

func (s *Server) suggestIntents(ctx context.Context, _ *struct{}) (*suggestionsOutput, error) {
	ws := who(ctx).Workspace
	said, err := s.c.Curator.Messages(ctx, ws, suggestionDays)
	if err != nil {
		return nil, err
	}
	heard := make([]intent.Heard, len(said))
	for i, m := range said {
		heard[i] = intent.Heard(m)
	}
	list, err := s.c.Classifier.Suggest(ctx, ws, heard)
	if err != nil {
		return nil, err
	}
	out := &suggestionsOutput{}
	out.Body.Items = []suggestion{}
	for _, i := range list {
		out.Body.Items = append(out.Body.Items, suggestion{i.Text, i.Lang, i.Intent, i.Probability, i.Count,
			i.Conversation, i.Seq, i.At})
	}
	return out, nil
}
