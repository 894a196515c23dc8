package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"handrail/intent"
	"handrail/internal/auth"
	"handrail/internal/errs"
)

// alternativesShown bounds what a try-out lists.
const alternativesShown = 5

// installIntents adds the routes of the intent models.
func (s *Server) installIntents(api huma.API) {
	route(s, api, "GET", "/api/v1/intents/versions", auth.ReadKnowledge, "List versions of the intent model", s.listIntentVersions)
	route(s, api, "POST", "/api/v1/intents/versions/{version}/activate", auth.WriteKnowledge, "Answer with a version of the intent model", s.activateIntents)
	route(s, api, "GET", "/api/v1/intents/catalog", auth.ReadKnowledge, "Read an intent catalog as YAML", s.intentCatalog)
	route(s, api, "POST", "/api/v1/intents/check", auth.WriteKnowledge, "Say what is wrong with labelled examples", s.checkIntents, examples)
	route(s, api, "GET", "/api/v1/intents/trainings", auth.ReadKnowledge, "List trainings, newest first", s.listTrainings)
	route(s, api, "POST", "/api/v1/intents/trainings", auth.WriteKnowledge, "Train a version of the intent model", s.train, accepted, examples)
	route(s, api, "GET", "/api/v1/intents/trainings/{id}", auth.ReadKnowledge, "How far a training has come", s.getTraining)
	route(s, api, "GET", "/api/v1/intents/compare", auth.ReadKnowledge, "Compare two versions on the same split", s.compareIntents)
	route(s, api, "POST", "/api/v1/intents/try", auth.ReadKnowledge, "What the active model makes of a message", s.tryIntents)
	route(s, api, "GET", "/api/v1/intents/suggestions", auth.WriteKnowledge, "Messages of visitors that are worth labelling", s.suggestIntents)
}

type intentVersion struct {
	Version   int       `json:"version"`
	Active    bool      `json:"active"`
	TrainedAt time.Time `json:"trained_at"`
	Intents   int       `json:"intents"`
	Examples  int       `json:"examples"`
	Note      string    `json:"note"`
	Accuracy  *float64  `json:"accuracy" doc:"share of the examples that models which had not seen them named right; null where it was not measured"`
	OOSRecall *float64  `json:"oos_recall" doc:"the same of the examples out of scope"`
}

type intentVersionsOutput struct {
	Body struct {
		Items []intentVersion `json:"items"`
	}
}

func (s *Server) listIntentVersions(ctx context.Context, _ *struct{}) (*intentVersionsOutput, error) {
	versions, err := s.c.Classifier.Versions(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &intentVersionsOutput{}
	out.Body.Items = []intentVersion{}
	for _, v := range versions {
		out.Body.Items = append(out.Body.Items, intentVersion(v))
	}
	return out, nil
}

type intentVersionInput struct {
	Version int `path:"version" minimum:"1"`
}

func (s *Server) activateIntents(ctx context.Context, in *intentVersionInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Classifier.Activate(ctx, p.Workspace, p.Actor(), in.Version)
}

type intentCatalogInput struct {
	Version int `query:"version" minimum:"0" doc:"0 or absent = the active one"`
}

type intentCatalogOutput struct {
	Body struct {
		Version int    `json:"version" doc:"0 where there is none"`
		YAML    string `json:"yaml"`
	}
}

func (s *Server) intentCatalog(ctx context.Context, in *intentCatalogInput) (*intentCatalogOutput, error) {
	ws := who(ctx).Workspace
	catalog, version, err := intent.Catalog{}, in.Version, error(nil)
	if version == 0 {
		catalog, version, err = s.c.Classifier.Catalog(ctx, ws)
	} else {
		catalog, err = s.c.Classifier.CatalogOf(ctx, ws, version)
	}
	if err != nil {
		return nil, err
	}
	out := &intentCatalogOutput{}
	out.Body.Version = version
	out.Body.YAML, err = catalog.YAML()
	return out, err
}

type tryIntentsInput struct {
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"8000"`
	}
}

type tryIntentsOutput struct {
	Body struct {
		Version      int               `json:"version" doc:"0 without a model"`
		Intent       string            `json:"intent" doc:"oos = none of the catalog's; empty without a model"`
		Probability  float64           `json:"probability"`
		OutOfScope   float64           `json:"out_of_scope"`
		Alternatives []intentCandidate `json:"alternatives"`
		Entities     []entityView      `json:"entities"`
		WantsPerson  bool              `json:"wants_person"`
		Anger        float64           `json:"anger"`
	}
}

type intentCandidate struct {
	Name        string  `json:"name"`
	Probability float64 `json:"probability"`
}

type entityView struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Value string `json:"value"`
}

func (s *Server) tryIntents(ctx context.Context, in *tryIntentsInput) (*tryIntentsOutput, error) {
	message := in.Body.Text
	r, err := s.c.Classifier.Classify(ctx, who(ctx).Workspace, message)
	if err != nil {
		return nil, err
	}
	out := &tryIntentsOutput{}
	b := &out.Body
	b.Version, b.Intent, b.Probability, b.OutOfScope = r.Model, r.Name, r.Probability, r.OutOfScope
	b.WantsPerson, b.Anger = intent.WantsPerson(message), intent.Anger(message)
	b.Alternatives, b.Entities = []intentCandidate{}, []entityView{}
	for _, a := range r.Alternatives[:min(len(r.Alternatives), alternativesShown)] {
		b.Alternatives = append(b.Alternatives, intentCandidate(a))
	}
	for _, e := range s.c.Classifier.Entities(ctx, who(ctx).Workspace, message) {
		b.Entities = append(b.Entities, entityView{e.Kind, e.Text, e.Value})
	}
	return out, nil
}

type compareInput struct {
	A int `query:"a" required:"true" minimum:"1"`
	B int `query:"b" required:"true" minimum:"1"`
}

type compareOutput struct{ Body intent.Comparison }

func (s *Server) compareIntents(ctx context.Context, in *compareInput) (*compareOutput, error) {
	if in.A == in.B {
		return nil, errs.New(errs.Invalid, "a and b are both version %d: name two versions", in.A)
	}
	c, err := s.c.Classifier.Compare(ctx, who(ctx).Workspace, in.A, in.B)
	return &compareOutput{c}, err
}
