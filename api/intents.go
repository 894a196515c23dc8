package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"handrail/intent"
	"handrail/internal/auth"
	"handrail/internal/errs"
)

const (
	// uploadedExamples bounds the body of an upload of examples.
	uploadedExamples = 16 << 20
	// trainingsListed is how many trainings a list holds.
	trainingsListed = 20
	// suggestionDays is how far back messages worth labelling are looked for.
	suggestionDays = 30
	// alternativesShown bounds what a try-out lists.
	alternativesShown = 5
)

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

// examples lets a request bring a file of labelled examples.
func examples(op *huma.Operation) {
	op.MaxBodyBytes, op.BodyReadTimeout = uploadedExamples, uploadTime
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

// ExamplesBody is labelled examples as a knowledge manager sends them.
type ExamplesBody struct {
	Format intent.Format `json:"format" enum:"yaml,csv,jsonl" doc:"yaml: a whole catalog; csv and jsonl: examples that are merged into the active catalog"`
	Text   string        `json:"text" doc:"what the file holds"`
}

type checkIntentsInput struct{ Body ExamplesBody }

type finding struct {
	Severity  intent.Severity    `json:"severity" enum:"error,warning"`
	Kind      intent.FindingKind `json:"kind" enum:"duplicate,few,overlap,leak,empty,syntax,language"`
	Line      int                `json:"line" doc:"0 = the active catalog, or the file as a whole"`
	OtherLine int                `json:"other_line"`
	Intent    string             `json:"intent"`
	Other     string             `json:"other"`
	Text      string             `json:"text"`
	Message   string             `json:"message"`
}

type checkIntentsOutput struct {
	Body struct {
		Intents  int       `json:"intents"`
		Examples int       `json:"examples"`
		Findings []finding `json:"findings"`
	}
}

func (s *Server) checkIntents(ctx context.Context, in *checkIntentsInput) (*checkIntentsOutput, error) {
	ws := who(ctx).Workspace
	held, err := s.heldMessages(ctx, ws)
	if err != nil {
		return nil, err
	}
	checked, err := s.c.Classifier.Check(ctx, ws, intent.Upload(in.Body), intent.CheckOptions{Held: held, CrossValidate: true})
	if err != nil {
		return nil, err
	}
	out := &checkIntentsOutput{}
	out.Body.Intents, out.Body.Examples, out.Body.Findings = checked.Intents, checked.Examples, []finding{}
	for _, f := range checked.Findings {
		out.Body.Findings = append(out.Body.Findings, finding(f))
	}
	return out, nil
}

// heldMessages are what the bot of the workspace is examined with.
func (s *Server) heldMessages(ctx context.Context, ws uuid.UUID) ([]intent.Held, error) {
	cases, err := s.c.Curator.Cases(ctx, ws)
	if err != nil {
		return nil, err
	}
	var held []intent.Held
	for _, c := range cases {
		held = append(held, intent.Held{Text: c.Question, Where: "the reviewed case " + c.ID})
	}
	return held, nil
}

type trainInput struct {
	Body struct {
		ExamplesBody
		Note     string `json:"note,omitempty" maxLength:"500" doc:"what the version is about"`
		Activate bool   `json:"activate,omitempty" doc:"answer with the new version as soon as it is stored"`
	}
}

type trainOutput struct {
	Location string `header:"Location"`
	Body     struct {
		ID uuid.UUID `json:"id"`
	}
}

func (s *Server) train(ctx context.Context, in *trainInput) (*trainOutput, error) {
	p := who(ctx)
	id, err := s.c.Trainer.Enqueue(ctx, p.Workspace, intent.TrainingRequest{Upload: intent.Upload(in.Body.ExamplesBody),
		Note: in.Body.Note, Activate: in.Body.Activate, Actor: p.Actor()})
	out := &trainOutput{Location: fmt.Sprintf("/api/v1/intents/trainings/%s", id)}
	out.Body.ID = id
	return out, err
}

type training struct {
	ID        uuid.UUID            `json:"id"`
	State     intent.TrainingState `json:"state" enum:"queued,running,done,failed"`
	Stage     string               `json:"stage" enum:"reading,cross-validating,fitting,storing"`
	Done      int                  `json:"done" doc:"steps of the stage"`
	Total     int                  `json:"total"`
	Version   int                  `json:"version" doc:"0 until it is done"`
	Error     string               `json:"error" doc:"why it failed"`
	StartedAt time.Time            `json:"started_at"`
	EndedAt   *time.Time           `json:"ended_at"`
}

type trainingsOutput struct {
	Body struct {
		Items []training `json:"items"`
	}
}

func (s *Server) listTrainings(ctx context.Context, _ *struct{}) (*trainingsOutput, error) {
	list, err := s.c.Trainer.Trainings(ctx, who(ctx).Workspace, trainingsListed)
	if err != nil {
		return nil, err
	}
	out := &trainingsOutput{}
	out.Body.Items = []training{}
	for _, t := range list {
		out.Body.Items = append(out.Body.Items, training(t))
	}
	return out, nil
}

type trainingInput struct {
	ID uuid.UUID `path:"id"`
}

type trainingOutput struct{ Body training }

func (s *Server) getTraining(ctx context.Context, in *trainingInput) (*trainingOutput, error) {
	t, err := s.c.Trainer.Training(ctx, who(ctx).Workspace, in.ID)
	return &trainingOutput{training(t)}, err
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
	for _, e := range intent.Entities(message) {
		b.Entities = append(b.Entities, entityView{e.Kind, e.Text, e.Value})
	}
	return out, nil
}

type suggestion struct {
	Text         string    `json:"text" doc:"personal data is masked"`
	Lang         string    `json:"lang"`
	Intent       string    `json:"intent" doc:"best guess"`
	Probability  float64   `json:"probability" doc:"of the guess"`
	Count        int       `json:"count" doc:"how often it was said"`
	Conversation uuid.UUID `json:"conversation" doc:"where it was said last"`
	Seq          int64     `json:"seq"`
	At           time.Time `json:"at"`
}

type suggestionsOutput struct {
	Body struct {
		Items []suggestion `json:"items"`
	}
}

func (s *Server) suggestIntents(ctx context.Context, _ *struct{}) (*suggestionsOutput, error) {
	ws := who(ctx).Workspace
	said, err := s.c.Curator.Messages(ctx, ws, suggestionDays)
	if err != nil {
		return nil, err
	}
	heard := make([]intent.Heard, len(said))
	for i, m := range said {
		heard[i] = intent.Heard(m)
	}
	list, err := s.c.Classifier.Suggest(ctx, ws, heard)
	if err != nil {
		return nil, err
	}
	out := &suggestionsOutput{}
	out.Body.Items = []suggestion{}
	for _, i := range list {
		out.Body.Items = append(out.Body.Items, suggestion{i.Text, i.Lang, i.Intent, i.Probability, i.Count, i.Conversation, i.Seq, i.At})
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
