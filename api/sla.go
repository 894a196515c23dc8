package api

import (
	"context"

	"handrail/handoff"
)

type slaBody struct {
	FirstResponseS int            `json:"first_response_s" minimum:"0" doc:"seconds until a person writes; 0 means no limit"`
	WaitingS       int            `json:"waiting_s" minimum:"0" doc:"seconds until a person has the conversation; 0 means no limit"`
	Ladder         []handoff.Step `json:"ladder" doc:"whom to call, in seconds after the limit was passed"`
}

type slaOutput struct{ Body slaBody }

func (s *Server) getSLA(ctx context.Context, _ *struct{}) (*slaOutput, error) {
	limits, err := s.c.Desk.SLA(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	return &slaOutput{Body: slaBody{FirstResponseS: limits.FirstResponseS, WaitingS: limits.WaitingS,
		Ladder: append([]handoff.Step{}, limits.Ladder...)}}, nil
}

type setSLAInput struct{ Body slaBody }

func (s *Server) setSLA(ctx context.Context, in *setSLAInput) (*slaOutput, error) {
	p := who(ctx)
	err := s.c.Desk.SetSLA(ctx, p.Workspace, p.Actor(), handoff.SLA{FirstResponseS: in.Body.FirstResponseS,
		WaitingS: in.Body.WaitingS, Ladder: in.Body.Ladder})
	if err != nil {
		return nil, err
	}
	return s.getSLA(ctx, nil)
}
