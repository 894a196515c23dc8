package api

import (
	"context"

	"handrail/handoff"
)

type onlineStatusInput struct {
	AgentID int64 `query:"agent_id" required:"true" doc:"the agent's user id"`
}

type onlineStatusOutput struct {
	Body struct {
		AgentID             int64  `json:"agent_id"`
		Status              string `json:"status" enum:"online,away,offline"`
		CurrentSessionCount int    `json:"current_session_count" doc:"conversations in charge now"`
	}
}

func (s *Server) onlineStatus(ctx context.Context, in *onlineStatusInput) (*onlineStatusOutput, error) {
	p, err := s.c.Desk.Presence(ctx, who(ctx).Workspace, in.AgentID)
	if err != nil {
		return nil, err
	}
	out := &onlineStatusOutput{}
	out.Body.AgentID, out.Body.Status, out.Body.CurrentSessionCount = p.AgentID, p.Status, p.Load
	return out, nil
}

type agentView struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status" enum:"online,away,offline"`
	Load     int    `json:"load" doc:"conversations in charge now"`
	Capacity int    `json:"capacity"`

	Groups    []string       `json:"groups"`
	Skills    map[string]int `json:"skills" doc:"name -> level, 1 to 5"`
	Languages []string       `json:"languages" doc:"BCP 47; empty means any"`
}

type agentsOutput struct {
	Body struct {
		Items []agentView `json:"items"`
	}
}

func (s *Server) listAgents(ctx context.Context, _ *struct{}) (*agentsOutput, error) {
	presences, err := s.c.Desk.Presences(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	profiles, err := s.c.Desk.Profiles(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &agentsOutput{}
	out.Body.Items = []agentView{}
	for _, p := range presences {
		out.Body.Items = append(out.Body.Items, agentViewOf(p, profiles[p.AgentID]))
	}
	return out, nil
}

func agentViewOf(p handoff.Presence, can handoff.Profile) agentView {
	return agentView{ID: p.AgentID, Name: p.Name, Status: p.Status, Load: p.Load, Capacity: p.Capacity,
		Groups: can.Groups, Skills: can.Skills, Languages: can.Languages}
}
