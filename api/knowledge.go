package api

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/audit"
	"handrail/knowledge"
)

// Answer is what `POST /api/v1/ask` and `handrail ask --json` print.
type Answer struct {
	Answer     string             `json:"answer"`
	Decision   bot.Decision       `json:"decision" enum:"answer,clarify,handoff"`
	Reason     string             `json:"reason"`
	Confidence float64            `json:"confidence" doc:"calibrated probability that the answer is right"`
	Threshold  float64            `json:"threshold"`
	Intent     string             `json:"intent"`
	IntentProb float64            `json:"intent_probability"`
	Lang       string             `json:"lang"`
	Citations  []bot.Citation     `json:"citations"`
	Choices    []bot.Choice       `json:"choices"`
	Entities   []bot.FoundEntity  `json:"entities"`
	Features   map[string]float64 `json:"features"`
	Model      string             `json:"model" doc:"empty when the answer was quoted"`
	TookMs     float64            `json:"took_ms"`
}

// AnswerOf turns a reply into its public form.
func AnswerOf(r bot.Reply) Answer {
	a := Answer{Answer: r.Text, Decision: r.Decision, Reason: r.Reason, Confidence: r.Confidence, Threshold: r.Threshold,
		Intent: r.Intent.Name, IntentProb: r.Intent.Probability, Lang: r.Lang, Model: r.Model, Features: r.Features.Map(),
		Citations: append([]bot.Citation{}, r.Citations...), Choices: append([]bot.Choice{}, r.Choices...),
		Entities: r.FoundEntities(), TookMs: float64(r.Took.Microseconds()) / 1000}
	return a
}

type askInput struct {
	Body struct {
		Question string `json:"question" minLength:"1" maxLength:"8000"`
		Lang     string `json:"lang,omitempty" doc:"language to fall back on when the question is too short to tell"`
	}
}

type askOutput struct{ Body Answer }

func (s *Server) ask(ctx context.Context, in *askInput) (*askOutput, error) {
	r, err := s.c.Bot.Respond(ctx, bot.Turn{Workspace: who(ctx).Workspace, Text: in.Body.Question, Lang: in.Body.Lang})
	if err != nil {
		return nil, err
	}
	return &askOutput{Body: AnswerOf(r)}, nil
}

type searchInput struct {
	Q     string `query:"q" required:"true" minLength:"1" maxLength:"1000"`
	Limit int    `query:"limit" default:"10" minimum:"1" maximum:"100"`
}

type hitView struct {
	Document uuid.UUID `json:"document"`
	Passage  int       `json:"passage" doc:"ordinal within the document, from 0"`
	Page     int       `json:"page" doc:"from 1; 0 in a document without pages"`
	Title    string    `json:"title"`
	Heading  string    `json:"heading"`
	Question string    `json:"question" doc:"that a question-and-answer passage answers"`
	URL      string    `json:"url"`
	Source   string    `json:"source"`
	Text     string    `json:"text"`
	Score    float64   `json:"score"`
	Parts    partsView `json:"parts" doc:"shares that add up to the score"`
	Lexical  float64   `json:"lexical" doc:"BM25 score"`
	Dense    float64   `json:"dense" doc:"cosine similarity"`
}

// partsView says why a passage was found; see [knowledge.Parts].
type partsView struct {
	Lexical  float64 `json:"lexical"`
	Label    float64 `json:"label"`
	Dense    float64 `json:"dense"`
	Favoured float64 `json:"favoured"`
	Language float64 `json:"language"`
	Focus    float64 `json:"focus"`
	Wording  float64 `json:"wording"`
	Contrast float64 `json:"contrast" doc:"zero or less"`
}

type searchOutput struct {
	Body struct {
		Items         []hitView          `json:"items"`
		Evidence      knowledge.Evidence `json:"evidence"`
		Answerability float64            `json:"answerability" doc:"estimated probability that the base holds the answer"`
	}
}

func (s *Server) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	found, err := s.c.Base.Search(ctx, who(ctx).Workspace, knowledge.Query{Text: in.Q, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Items, out.Body.Evidence = []hitView{}, found.Evidence
	if len(found.Hits) > 0 {
		out.Body.Answerability = bot.Answerability(found.Evidence)
	}
	for _, h := range found.Hits {
		out.Body.Items = append(out.Body.Items, hitView{Document: h.DocumentID, Passage: h.Ordinal, Page: h.Page, Title: h.Title,
			Heading: strings.Join(h.HeadingPath, " > "), Question: h.Question, URL: h.URL, Source: h.URI, Text: h.Text,
			Score: h.Score, Parts: partsView(h.Parts), Lexical: h.Lexical, Dense: h.Dense})
	}
	return out, nil
}

type documentView struct {
	ID         uuid.UUID `json:"id"`
	Collection string    `json:"collection"`
	Source     string    `json:"source"`
	Title      string    `json:"title"`
	URL        string    `json:"url"`
	Lang       string    `json:"lang"`
	Passages   int       `json:"passages"`
	UpdatedAt  time.Time `json:"updated_at"`
}

func documentOf(d knowledge.Document) documentView {
	return documentView{ID: d.ID, Collection: d.Collection, Source: d.URI, Title: d.Title, URL: d.URL, Lang: d.Lang,
		Passages: d.Passages, UpdatedAt: d.UpdatedAt}
}

type listDocumentsInput struct {
	Collection string `query:"collection" doc:"empty for all"`
}

type documentsOutput struct {
	Body struct {
		Items []documentView `json:"items"`
	}
}

func (s *Server) listDocuments(ctx context.Context, in *listDocumentsInput) (*documentsOutput, error) {
	docs, err := s.c.Base.Documents(ctx, who(ctx).Workspace, in.Collection)
	if err != nil {
		return nil, err
	}
	out := &documentsOutput{}
	out.Body.Items = []documentView{}
	for _, d := range docs {
		out.Body.Items = append(out.Body.Items, documentOf(d))
	}
	return out, nil
}

type documentInput struct {
	ID uuid.UUID `path:"id"`
}

type passageView struct {
	Ordinal  int      `json:"ordinal"`
	Headings []string `json:"headings"`
	Question string   `json:"question"`
	Text     string   `json:"text"`
	Start    int      `json:"start" doc:"byte offset in the extracted text"`
	End      int      `json:"end"`
	Page     int      `json:"page" doc:"from 1; 0 in a document without pages"`

	DuplicateOf int64 `json:"duplicate_of" doc:"the passage that says the same and is found in its place; 0 if this one is found"`
}

type documentOutput struct {
	Body struct {
		documentView
		Items []passageView `json:"items"`
	}
}

func (s *Server) getDocument(ctx context.Context, in *documentInput) (*documentOutput, error) {
	d, passages, err := s.c.Base.Document(ctx, who(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &documentOutput{}
	out.Body.documentView, out.Body.Items = documentOf(d), []passageView{}
	for _, p := range passages {
		out.Body.Items = append(out.Body.Items, passageView{Ordinal: p.Ordinal, Headings: append([]string{}, p.HeadingPath...),
			Question: p.Question, Text: p.Text, Start: p.Start, End: p.End, Page: p.Page, DuplicateOf: p.DuplicateOf})
	}
	return out, nil
}

// deleteDocument records the deed before it is done: a record too many is better than a deed without one.
func (s *Server) deleteDocument(ctx context.Context, in *documentInput) (*struct{}, error) {
	p := who(ctx)
	d, _, err := s.c.Base.Document(ctx, p.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.c.DB.InTx(ctx, p.Workspace, func(tx pgx.Tx) error {
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: "document.remove",
			Target: "document:" + in.ID.String(), Data: map[string]any{"collection": d.Collection, "source": d.URI}})
	})
	if err != nil {
		return nil, err
	}
	return nil, s.c.Base.Remove(ctx, p.Workspace, in.ID)
}
