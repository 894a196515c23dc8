package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"handrail/curation"
)

type listGapsInput struct {
	Days  int `query:"days" default:"14" minimum:"1" maximum:"90" doc:"how far back to look"`
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"200" doc:"groups, the largest first"`
}

type gapView struct {
	Key         string        `json:"key"`
	Question    string        `json:"question" doc:"the one that most others are like; personal data is masked"`
	Lang        string        `json:"lang"`
	Count       int           `json:"count" doc:"questions in the group"`
	FirstAt     time.Time     `json:"first_at"`
	LastAt      time.Time     `json:"last_at"`
	Reason      string        `json:"reason"`
	AnsweredNow bool          `json:"answered_now" doc:"the bot would answer it today"`
	Best        *bestView     `json:"best" doc:"what the base finds best; null for nothing"`
	Examples    []exampleView `json:"examples" doc:"at most five, the latest first"`
}

type bestView struct {
	Document      uuid.UUID `json:"document"`
	Title         string    `json:"title"`
	URL           string    `json:"url"`
	Score         float64   `json:"score"`
	Answerability float64   `json:"answerability" doc:"estimated probability that the base holds the answer"`
}

type exampleView struct {
	Conversation uuid.UUID `json:"conversation"`
	Question     string    `json:"question"`
	At           time.Time `json:"at"`
}

type gapsOutput struct {
	Body struct {
		Items     []gapView `json:"items"`
		Questions int       `json:"questions" doc:"in all groups, also those beyond the limit"`
	}
}

func (s *Server) listGaps(ctx context.Context, in *listGapsInput) (*gapsOutput, error) {
	gaps, questions, err := s.c.Curator.Gaps(ctx, who(ctx).Workspace, in.Days, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &gapsOutput{}
	out.Body.Items, out.Body.Questions = []gapView{}, questions
	for _, g := range gaps {
		out.Body.Items = append(out.Body.Items, gapOf(g))
	}
	return out, nil
}

func gapOf(g curation.Gap) gapView {
	v := gapView{Key: g.Key, Question: g.Question, Lang: g.Lang, Count: g.Count, FirstAt: g.FirstAt, LastAt: g.LastAt,
		Reason: g.Reason, AnsweredNow: g.AnsweredNow, Best: (*bestView)(g.Best), Examples: []exampleView{}}
	for _, e := range g.Examples {
		v.Examples = append(v.Examples, exampleView(e))
	}
	return v
}

type gapInput struct {
	Key  string `path:"key" maxLength:"64"`
	Days int    `query:"days" default:"14" minimum:"1" maximum:"90" doc:"those of the list that the key is from"`
}

func (s *Server) dismissGap(ctx context.Context, in *gapInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Curator.DismissGap(ctx, p.Workspace, p.Actor(), in.Key, in.Days)
}

type draftView struct {
	ID           uuid.UUID      `json:"id"`
	State        curation.State `json:"state" enum:"open,publishing,published,dismissed"`
	Question     string         `json:"question"`
	Answer       string         `json:"answer"`
	Lang         string         `json:"lang"`
	Collection   string         `json:"collection"`
	Count        int            `json:"count" doc:"how often it was asked"`
	Conversation *uuid.UUID     `json:"conversation" doc:"where it was asked; null for a draft written by hand"`
	Document     *uuid.UUID     `json:"document" doc:"null until it is published"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`
	Similar      []similarView  `json:"similar" nullable:"true" doc:"what the base says about the question already; null where it was not asked"`
}

type similarView struct {
	Document uuid.UUID `json:"document"`
	Title    string    `json:"title"`
	URL      string    `json:"url"`
	Question string    `json:"question"`
	Text     string    `json:"text"`
	Score    float64   `json:"score"`
}

func draftOf(d curation.Draft) draftView {
	v := draftView{ID: d.ID, State: d.State, Question: d.Question, Answer: d.Answer, Lang: d.Lang, Collection: d.Collection,
		Count: d.Count, Conversation: d.Conversation, Document: d.Document, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt}
	if d.Similar != nil {
		v.Similar = []similarView{}
	}
	for _, m := range d.Similar {
		v.Similar = append(v.Similar, similarView(m))
	}
	return v
}

type listDraftsInput struct {
	State curation.State `query:"state" default:"open" enum:"open,published,dismissed"`
}

type draftsOutput struct {
	Body struct {
		Items []draftView `json:"items"`
	}
}

func (s *Server) listDrafts(ctx context.Context, in *listDraftsInput) (*draftsOutput, error) {
	drafts, err := s.c.Curator.Drafts(ctx, who(ctx).Workspace, in.State)
	if err != nil {
		return nil, err
	}
	out := &draftsOutput{}
	out.Body.Items = []draftView{}
	for _, d := range drafts {
		out.Body.Items = append(out.Body.Items, draftOf(d))
	}
	return out, nil
}

// DraftBody is what a knowledge manager writes.
type DraftBody struct {
	Question   string `json:"question" minLength:"1" maxLength:"500"`
	Answer     string `json:"answer" minLength:"1" maxLength:"4000"`
	Lang       string `json:"lang,omitempty" maxLength:"3" doc:"ISO 639-1; empty means that of the text"`
	Collection string `json:"collection,omitempty" maxLength:"200" doc:"empty means faq"`
}

type draftOutput struct{ Body draftView }

type createDraftInput struct {
	Body struct {
		DraftBody
		Gap string `json:"gap,omitempty" maxLength:"64" doc:"key of the group that this answers"`
	}
}

func (s *Server) createDraft(ctx context.Context, in *createDraftInput) (*draftOutput, error) {
	p := who(ctx)
	d, err := s.c.Curator.Create(ctx, p.Workspace, p.Actor(), curation.Edit(in.Body.DraftBody), in.Body.Gap)
	return &draftOutput{draftOf(d)}, err
}

type updateDraftInput struct {
	ID   uuid.UUID `path:"id"`
	Body DraftBody
}

func (s *Server) updateDraft(ctx context.Context, in *updateDraftInput) (*draftOutput, error) {
	p := who(ctx)
	d, err := s.c.Curator.Update(ctx, p.Workspace, p.Actor(), in.ID, curation.Edit(in.Body))
	return &draftOutput{draftOf(d)}, err
}

type draftInput struct {
	ID uuid.UUID `path:"id"`
}

func (s *Server) publishDraft(ctx context.Context, in *draftInput) (*draftOutput, error) {
	p := who(ctx)
	d, err := s.c.Curator.Publish(ctx, p.Workspace, p.Actor(), in.ID)
	return &draftOutput{draftOf(d)}, err
}

func (s *Server) dismissDraft(ctx context.Context, in *draftInput) (*draftOutput, error) {
	p := who(ctx)
	d, err := s.c.Curator.Dismiss(ctx, p.Workspace, p.Actor(), in.ID)
	return &draftOutput{draftOf(d)}, err
}
