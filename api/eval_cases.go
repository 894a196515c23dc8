package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/evals"
	"handrail/internal/auth"
)

type evalCaseView struct {
	ID           uuid.UUID    `json:"id"`
	Question     string       `json:"question" doc:"personal data is masked"`
	History      []string     `json:"history" doc:"earlier messages of the visitor, masked, oldest first"`
	Lang         string       `json:"lang"`
	Decision     bot.Decision `json:"decision" enum:"answer,clarify,handoff"`
	Sources      []string     `json:"sources" doc:"ends of source paths, of which an answer must cite one"`
	Facts        [][]string   `json:"facts" doc:"of each list, one text must stand in the reply"`
	Tags         []string     `json:"tags"`
	Conversation *uuid.UUID   `json:"conversation" doc:"null once it is gone"`
	Seq          int64        `json:"seq" doc:"of the visitor's message; 0 once the conversation is gone"`
	CreatedAt    time.Time    `json:"created_at"`
	Author       string       `json:"author"`
}

func evalCaseOf(c evals.StoredCase) evalCaseView {
	v := evalCaseView{ID: c.ID, Question: c.Question, History: append([]string{}, c.History...), Lang: c.Lang,
		Decision: c.Decision, Sources: append([]string{}, c.Sources...), Facts: append([][]string{}, c.Facts...),
		Tags: append([]string{}, c.Tags...), Conversation: c.Conversation, CreatedAt: c.CreatedAt, Author: c.Author}
	if c.Conversation != nil {
		v.Seq = c.Seq
	}
	return v
}

type evalCasesOutput struct {
	Body struct {
		Items []evalCaseView `json:"items"`
	}
}

func (s *Server) listEvalCases(ctx context.Context, _ *struct{}) (*evalCasesOutput, error) {
	cases, err := s.c.Evals.Cases(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &evalCasesOutput{}
	out.Body.Items = []evalCaseView{}
	for _, c := range cases {
		out.Body.Items = append(out.Body.Items, evalCaseOf(c))
	}
	return out, nil
}

// CaseBody is what somebody says about a case; what is left out stays as the turn, or the case, has it.
type CaseBody struct {
	Question *string       `json:"question,omitempty" maxLength:"4000"`
	History  []string      `json:"history,omitempty" maxItems:"50"`
	Lang     *string       `json:"lang,omitempty" maxLength:"3"`
	Decision *bot.Decision `json:"decision,omitempty" enum:"answer,clarify,handoff"`
	Sources  []string      `json:"sources,omitempty" maxItems:"50"`
	Facts    [][]string    `json:"facts,omitempty" maxItems:"50"`
	Tags     []string      `json:"tags,omitempty" maxItems:"50"`
}

func (b CaseBody) edit() evals.CaseEdit {
	return evals.CaseEdit{Question: b.Question, Decision: b.Decision, Lang: b.Lang, History: b.History, Sources: b.Sources,
		Facts: b.Facts, Tags: b.Tags}
}

type evalCaseOutput struct{ Body evalCaseView }

type addEvalCaseInput struct {
	Body struct {
		Conversation uuid.UUID `json:"conversation"`
		Seq          int64     `json:"seq" minimum:"1" doc:"of a turn of the bot: the visitor's message that it answered"`
		CaseBody
	}
}

// addEvalCase is for those who read the conversation anyway, and for those who review what visitors asked.
func (s *Server) addEvalCase(ctx context.Context, in *addEvalCaseInput) (*evalCaseOutput, error) {
	p := who(ctx)
	if !p.Role.May(auth.WriteKnowledge) {
		if _, err := s.readable(ctx, p, in.Body.Conversation); err != nil {
			return nil, err
		}
	}
	c, err := s.c.Evals.AddCase(ctx, p.Workspace, p.Actor(), p.Name, in.Body.Conversation, in.Body.Seq, in.Body.edit())
	if err != nil {
		return nil, err
	}
	return &evalCaseOutput{evalCaseOf(c)}, nil
}

type updateEvalCaseInput struct {
	ID   uuid.UUID `path:"id"`
	Body CaseBody
}

func (s *Server) updateEvalCase(ctx context.Context, in *updateEvalCaseInput) (*evalCaseOutput, error) {
	p := who(ctx)
	c, err := s.c.Evals.UpdateCase(ctx, p.Workspace, p.Actor(), in.ID, in.Body.edit())
	if err != nil {
		return nil, err
	}
	return &evalCaseOutput{evalCaseOf(c)}, nil
}

type evalCaseInput struct {
	ID uuid.UUID `path:"id"`
}

func (s *Server) removeEvalCase(ctx context.Context, in *evalCaseInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Evals.RemoveCase(ctx, p.Workspace, p.Actor(), in.ID)
}
