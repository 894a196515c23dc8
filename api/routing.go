package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/handoff/routing"
	"handrail/internal/auth"
	"handrail/internal/errs"
)

// installRouting adds the rules by which handoffs find their group.
func (s *Server) installRouting(api huma.API) {
	route(s, api, "GET", "/api/v1/routing", auth.WorkDesk, "List versions of the routing rules, newest first", s.listRouting)
	route(s, api, "GET", "/api/v1/routing/{version}", auth.WorkDesk, "Read a version of the routing rules", s.getRouting)
	route(s, api, "POST", "/api/v1/routing", auth.ManageUsers, "Store routing rules as a new version", s.addRouting, created)
	route(s, api, "POST", "/api/v1/routing/check", auth.ManageUsers, "Say what is wrong with routing rules", s.checkRouting)
	route(s, api, "POST", "/api/v1/routing/try", auth.ManageUsers, "Send past handoffs through other rules", s.tryRouting)
	route(s, api, "POST", "/api/v1/routing/{version}/activate", auth.ManageUsers, "Route by a version of the rules", s.activateRouting)
}

type routingVersion struct {
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	By        string    `json:"by"`
	Note      string    `json:"note"`
	Rules     int       `json:"rules" doc:"how many there are"`
}

func routingVersionOf(v handoff.RulesVersion) routingVersion {
	return routingVersion{Version: v.Version, CreatedAt: v.CreatedAt, By: v.By, Note: v.Note, Rules: v.Count}
}

type routingList struct {
	Body struct {
		Active   int              `json:"active" doc:"version that decides; 0 = none, everything may go to anybody"`
		Versions []routingVersion `json:"versions"`
	}
}

func (s *Server) listRouting(ctx context.Context, _ *struct{}) (*routingList, error) {
	versions, err := s.c.Desk.RulesVersions(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &routingList{}
	out.Body.Versions = make([]routingVersion, len(versions))
	for i, v := range versions {
		out.Body.Versions[i] = routingVersionOf(v)
		if v.Active {
			out.Body.Active = v.Version
		}
	}
	return out, nil
}

type routingID struct {
	Version int `path:"version" minimum:"1"`
}

type routingOutput struct {
	Body struct {
		Version int            `json:"version"`
		Rules   []routing.Rule `json:"routing_rules"`
	}
}

func (s *Server) getRouting(ctx context.Context, in *routingID) (*routingOutput, error) {
	rules, err := s.c.Desk.Rules(ctx, who(ctx).Workspace, in.Version)
	out := &routingOutput{}
	out.Body.Version, out.Body.Rules = in.Version, rules
	return out, err
}

// ruleInput is a rule in the long or the short form.
type ruleInput struct {
	Name      string   `json:"name,omitempty"`
	Condition any      `json:"condition,omitempty" doc:"CEL, such as user_level == 'VIP'; true always matches"`
	Keywords  []string `json:"keywords,omitempty" doc:"matches a text that contains one of them"`
	Action    any      `json:"action,omitempty" doc:"such as assign_to_group('sales'); several as a list or separated by ;"`
}

// checkRules reads the rules of a request.
func (s *Server) checkRules(ctx context.Context, rules []ruleInput) (*routing.Rules, []routing.Problem, error) {
	data, err := json.Marshal(map[string]any{"routing_rules": rules})
	if err != nil {
		return nil, nil, err
	}
	return s.c.Desk.CheckRules(ctx, who(ctx).Workspace, data)
}

type addRoutingInput struct {
	Body struct {
		Rules []ruleInput `json:"routing_rules"`
		Note  string      `json:"note,omitempty" maxLength:"500"`
	}
}

type addRoutingOutput struct{ Body routingVersion }

func (s *Server) addRouting(ctx context.Context, in *addRoutingInput) (*addRoutingOutput, error) {
	rules, problems, err := s.checkRules(ctx, in.Body.Rules)
	if err != nil {
		return nil, err
	}
	if err := routing.Invalid(problems); err != nil {
		return nil, err
	}
	p := who(ctx)
	v, err := s.c.Desk.SaveRules(ctx, p.Workspace, p.Actor(), rules, in.Body.Note)
	return &addRoutingOutput{routingVersionOf(v)}, err
}

type checkRoutingOutput struct {
	Body struct {
		OK       bool              `json:"ok"`
		Problems []routing.Problem `json:"problems"`
	}
}

func (s *Server) checkRouting(ctx context.Context, in *addRoutingInput) (*checkRoutingOutput, error) {
	_, problems, err := s.checkRules(ctx, in.Body.Rules)
	out := &checkRoutingOutput{}
	out.Body.OK, out.Body.Problems = len(problems) == 0, append([]routing.Problem{}, problems...)
	return out, err
}

type tryRoutingInput struct {
	Body struct {
		Rules   []ruleInput `json:"routing_rules,omitempty" doc:"rules to try, or else"`
		Version int         `json:"version,omitempty" doc:"a stored version to try"`
		Limit   int         `json:"limit,omitempty" minimum:"0" maximum:"2000" doc:"latest handoffs to try; 0 = 200"`
	}
}

type routeView struct {
	Group    string         `json:"group" doc:"empty = any"`
	Rule     int            `json:"rule" doc:"number of the rule that matched, from 1; 0 = none did"`
	Policy   routing.Policy `json:"policy,omitempty"`
	Priority int            `json:"priority,omitempty"`
	Skills   map[string]int `json:"skills,omitempty"`
	Language string         `json:"language,omitempty"`
	Agent    string         `json:"agent,omitempty" doc:"e-mail address"`
}

func routeOf(r routing.Route) routeView {
	return routeView{Group: r.Group, Rule: r.Rule, Policy: r.Policy, Priority: r.Priority, Skills: r.Skills,
		Language: r.Language, Agent: r.Email}
}

type tryRoutingItem struct {
	Conversation uuid.UUID `json:"conversation"`
	At           time.Time `json:"at"`
	Reason       string    `json:"reason"`
	Text         string    `json:"text" doc:"start of the visitor's words"`
	Before       routeView `json:"before"`
	After        routeView `json:"after"`
}

type tryRoutingOutput struct {
	Body struct {
		Tried   int              `json:"tried"`
		Changed int              `json:"changed"`
		Failed  int              `json:"failed" doc:"handoffs of which one of the rules tried failed"`
		Items   []tryRoutingItem `json:"items" doc:"those that would go another way, newest first"`
	}
}

func (s *Server) tryRouting(ctx context.Context, in *tryRoutingInput) (*tryRoutingOutput, error) {
	rules, err := s.rulesToTry(ctx, in)
	if err != nil {
		return nil, err
	}
	trial, err := s.c.Desk.TryRules(ctx, who(ctx).Workspace, rules, in.Body.Limit)
	if err != nil {
		return nil, err
	}
	out := &tryRoutingOutput{}
	out.Body.Tried, out.Body.Failed, out.Body.Changed = trial.Tried, trial.Failed, len(trial.Changes)
	out.Body.Items = make([]tryRoutingItem, len(trial.Changes))
	for i, c := range trial.Changes {
		out.Body.Items[i] = tryRoutingItem{Conversation: c.Conversation, At: c.At, Reason: c.Reason, Text: c.Text,
			Before: routeOf(c.Before), After: routeOf(c.After)}
	}
	return out, nil
}

func (s *Server) rulesToTry(ctx context.Context, in *tryRoutingInput) (*routing.Rules, error) {
	if (len(in.Body.Rules) > 0) == (in.Body.Version > 0) {
		return nil, errs.New(errs.Invalid, "say what to try: either routing_rules or version")
	}
	if in.Body.Version > 0 {
		texts, err := s.c.Desk.Rules(ctx, who(ctx).Workspace, in.Body.Version)
		if err != nil {
			return nil, err
		}
		return routing.Compile(texts)
	}
	rules, problems, err := s.checkRules(ctx, in.Body.Rules)
	if err != nil {
		return nil, err
	}
	return rules, routing.Invalid(problems)
}

type activateRoutingInput struct {
	Version int `path:"version" minimum:"0" doc:"0 = no rules"`
}

func (s *Server) activateRouting(ctx context.Context, in *activateRoutingInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Desk.ActivateRules(ctx, p.Workspace, p.Actor(), in.Version)
}
