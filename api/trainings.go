package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"handrail/intent"
)

const (
	// uploadedExamples bounds the body of an upload of examples.
	uploadedExamples = 4 << 20
	// trainingsListed is how many trainings a list holds.
	trainingsListed = 20
)

// examples lets a request bring a file of labelled examples.
func examples(op *huma.Operation) {
	op.MaxBodyBytes, op.BodyReadTimeout = uploadedExamples, uploadTime
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
	held, err := s.c.Evals.Held(ctx, ws)
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
