package api

import (
	"context"

	"handrail/handoff/hours"
)

type hoursBody struct {
	Items []hours.Schedule `json:"items"`
}

type hoursOutput struct{ Body hoursBody }

func (s *Server) listHours(ctx context.Context, _ *struct{}) (*hoursOutput, error) {
	list, err := s.c.Desk.Hours(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	return &hoursOutput{Body: hoursBody{Items: append([]hours.Schedule{}, list...)}}, nil
}

type setHoursInput struct{ Body hoursBody }

func (s *Server) setHours(ctx context.Context, in *setHoursInput) (*hoursOutput, error) {
	p := who(ctx)
	if err := s.c.Desk.SetHours(ctx, p.Workspace, p.Actor(), in.Body.Items); err != nil {
		return nil, err
	}
	return s.listHours(ctx, nil)
}
