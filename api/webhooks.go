package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"handrail/internal/webhook"
)

type webhookView struct {
	ID           uuid.UUID  `json:"id"`
	URL          string     `json:"url"`
	Events       []string   `json:"events"`
	Bodies       bool       `json:"bodies" doc:"events hold the words of messages"`
	CreatedAt    time.Time  `json:"created_at"`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"first failure since the last success"`
	Disabled     bool       `json:"disabled" doc:"it has failed for a day; a test enables it again"`
	Secret       string     `json:"secret,omitempty" doc:"shown once, when the webhook is added"`
}

func webhookOf(e webhook.Endpoint) webhookView {
	return webhookView{ID: e.ID, URL: e.URL, Events: e.Events, Bodies: e.Bodies, CreatedAt: e.CreatedAt,
		FailingSince: e.FailingSince, Disabled: e.DisabledAt != nil}
}

type webhooksOutput struct {
	Body struct {
		Items []webhookView `json:"items"`
	}
}

func (s *Server) listWebhooks(ctx context.Context, _ *struct{}) (*webhooksOutput, error) {
	list, err := s.c.Hooks.List(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &webhooksOutput{}
	out.Body.Items = []webhookView{}
	for _, e := range list {
		out.Body.Items = append(out.Body.Items, webhookOf(e))
	}
	return out, nil
}

type addWebhookInput struct {
	Body struct {
		URL    string   `json:"url" maxLength:"2000"`
		Events []string `json:"events" minItems:"1"`
		Bodies bool     `json:"bodies,omitempty" doc:"put the words of messages into events"`
	}
}

type webhookOutput struct{ Body webhookView }

func (s *Server) addWebhook(ctx context.Context, in *addWebhookInput) (*webhookOutput, error) {
	p := who(ctx)
	e, secret, err := s.c.Hooks.Add(ctx, p.Workspace, p.Actor(), webhook.Endpoint{
		URL: in.Body.URL, Events: in.Body.Events, Bodies: in.Body.Bodies})
	if err != nil {
		return nil, err
	}
	out := &webhookOutput{Body: webhookOf(e)}
	out.Body.Secret = secret
	return out, nil
}

type webhookInput struct {
	ID uuid.UUID `path:"id"`
}

func (s *Server) removeWebhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Hooks.Remove(ctx, p.Workspace, p.Actor(), in.ID)
}

func (s *Server) testWebhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Hooks.Try(ctx, p.Workspace, p.Actor(), in.ID)
}

type deliveryView struct {
	Event   uuid.UUID `json:"event"`
	Type    string    `json:"type"`
	Attempt int       `json:"attempt"`
	Status  int       `json:"status" doc:"HTTP; 0 means no answer"`
	Error   string    `json:"error,omitempty"`
	TookMS  int       `json:"took_ms"`
	At      time.Time `json:"at"`
}

type deliveriesOutput struct {
	Body struct {
		Items []deliveryView `json:"items"`
	}
}

func (s *Server) listDeliveries(ctx context.Context, in *webhookInput) (*deliveriesOutput, error) {
	list, err := s.c.Hooks.Deliveries(ctx, who(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &deliveriesOutput{}
	out.Body.Items = make([]deliveryView, len(list))
	for i, d := range list {
		out.Body.Items[i] = deliveryView(d)
	}
	return out, nil
}
