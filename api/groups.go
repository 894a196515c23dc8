package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/handoff/routing"
	"handrail/internal/auth"
)

// installDesk adds the settings of the desk.
func (s *Server) installDesk(api huma.API) {
	route(s, api, "PUT", "/api/v1/agents/{id}", auth.ManageUsers, "Change what an agent can do", s.setAgent)
	route(s, api, "GET", "/api/v1/groups", auth.WorkDesk, "List the groups of agents", s.listGroups)
	route(s, api, "POST", "/api/v1/groups", auth.ManageUsers, "Add a group", s.addGroup, created)
	route(s, api, "PUT", "/api/v1/groups/{id}", auth.ManageUsers, "Change a group", s.changeGroup)
	route(s, api, "DELETE", "/api/v1/groups/{id}", auth.ManageUsers, "Remove a group; what waits for it is for any agent", s.removeGroup, empty)
	route(s, api, "GET", "/api/v1/hours", auth.WorkDesk, "List the opening hours", s.listHours)
	route(s, api, "PUT", "/api/v1/hours", auth.ManageUsers, "Replace the opening hours", s.setHours)
	route(s, api, "GET", "/api/v1/sla", auth.WorkDesk, "How long visitors may wait, and who hears of it", s.getSLA)
	route(s, api, "PUT", "/api/v1/sla", auth.ManageUsers, "Change how long visitors may wait", s.setSLA)
	route(s, api, "GET", "/api/v1/webhooks", auth.ManageKeys, "List webhooks", s.listWebhooks)
	route(s, api, "POST", "/api/v1/webhooks", auth.ManageKeys, "Add a webhook; its secret is shown once", s.addWebhook, created)
	route(s, api, "DELETE", "/api/v1/webhooks/{id}", auth.ManageKeys, "Remove a webhook", s.removeWebhook, empty)
	route(s, api, "GET", "/api/v1/webhooks/{id}/deliveries", auth.ManageKeys, "The latest attempts, newest first", s.listDeliveries)
	route(s, api, "POST", "/api/v1/webhooks/{id}/test", auth.ManageKeys, "Send a test event, and enable the webhook again", s.testWebhook, accepted)
}

// empty documents an answer without a body.
func empty(op *huma.Operation) { op.DefaultStatus = http.StatusNoContent }

type groupBody struct {
	Name    string         `json:"name" maxLength:"100"`
	Policy  routing.Policy `json:"policy,omitempty" enum:"least_loaded,longest_idle,round_robin,skills" default:"least_loaded"`
	OfferS  int            `json:"offer_s,omitempty" minimum:"0" maximum:"3600" doc:"seconds to accept in; 0 assigns without asking"`
	Hours   string         `json:"hours,omitempty" doc:"name of opening hours; without it those named default"`
	Members []int64        `json:"members,omitempty" doc:"user ids; without members the group's queue is for any agent"`
}

type groupView struct {
	ID uuid.UUID `json:"id"`
	groupBody
}

func groupOf(g handoff.Group) groupView {
	if g.Members == nil {
		g.Members = []int64{}
	}
	return groupView{g.ID, groupBody{Name: g.Name, Policy: g.Policy, OfferS: g.OfferS, Hours: g.Hours, Members: g.Members}}
}

type groupsOutput struct {
	Body struct {
		Items []groupView `json:"items"`
	}
}

func (s *Server) listGroups(ctx context.Context, _ *struct{}) (*groupsOutput, error) {
	groups, err := s.c.Desk.Groups(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &groupsOutput{}
	out.Body.Items = []groupView{}
	for _, g := range groups {
		out.Body.Items = append(out.Body.Items, groupOf(g))
	}
	return out, nil
}

type addGroupInput struct{ Body groupBody }

type changeGroupInput struct {
	ID   uuid.UUID `path:"id"`
	Body groupBody
}

type groupOutput struct{ Body groupView }

func (s *Server) addGroup(ctx context.Context, in *addGroupInput) (*groupOutput, error) {
	return s.saveGroup(ctx, uuid.Nil, in.Body)
}

func (s *Server) changeGroup(ctx context.Context, in *changeGroupInput) (*groupOutput, error) {
	return s.saveGroup(ctx, in.ID, in.Body)
}

func (s *Server) saveGroup(ctx context.Context, id uuid.UUID, b groupBody) (*groupOutput, error) {
	p := who(ctx)
	g, err := s.c.Desk.SaveGroup(ctx, p.Workspace, p.Actor(), handoff.Group{
		ID: id, Name: b.Name, Policy: b.Policy, OfferS: b.OfferS, Hours: b.Hours, Members: b.Members})
	if err != nil {
		return nil, err
	}
	return &groupOutput{Body: groupOf(g)}, nil
}

type groupInput struct {
	ID uuid.UUID `path:"id"`
}

func (s *Server) removeGroup(ctx context.Context, in *groupInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Desk.RemoveGroup(ctx, p.Workspace, p.Actor(), in.ID)
}

type setAgentInput struct {
	ID   int64 `path:"id" doc:"the agent's user id"`
	Body struct {
		Capacity  int            `json:"capacity" minimum:"1" maximum:"1000"`
		Skills    map[string]int `json:"skills,omitempty" doc:"name -> level, 1 to 5"`
		Languages []string       `json:"languages,omitempty" doc:"BCP 47; empty means any"`
		Groups    []string       `json:"groups,omitempty" doc:"names"`
	}
}

type agentOutput struct{ Body agentView }

func (s *Server) setAgent(ctx context.Context, in *setAgentInput) (*agentOutput, error) {
	p := who(ctx)
	err := s.c.Desk.SetProfile(ctx, p.Workspace, p.Actor(), handoff.Profile{AgentID: in.ID, Capacity: in.Body.Capacity,
		Skills: in.Body.Skills, Languages: in.Body.Languages, Groups: in.Body.Groups})
	if err != nil {
		return nil, err
	}
	presence, err := s.c.Desk.Presence(ctx, p.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	profiles, err := s.c.Desk.Profiles(ctx, p.Workspace)
	if err != nil {
		return nil, err
	}
	return &agentOutput{Body: agentViewOf(presence, profiles[in.ID])}, nil
}
