package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/evals"
)

type listRunsInput struct {
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"200"`
}

// evalRunView is what the list and the page of one run have in common.
type evalRunView struct {
	ID      uuid.UUID          `json:"id"`
	Suite   string             `json:"suite" enum:"reviewed,cases"`
	At      time.Time          `json:"at" doc:"when it was asked for"`
	State   evals.RunState     `json:"state" enum:"running,done,failed" doc:"a run that waits for a node is running"`
	Done    int                `json:"done" doc:"cases so far"`
	Total   int                `json:"total"`
	Error   string             `json:"error" doc:"why it failed"`
	Cases   int                `json:"cases" doc:"of a run that is done, like all below"`
	Passed  int                `json:"passed"`
	Metrics map[string]float64 `json:"metrics"`
}

func evalRunOf(r evals.StoredRun) evalRunView {
	v := evalRunView{ID: r.ID, Suite: r.Suite, At: r.At, State: r.State, Done: r.Done, Total: r.Total, Error: r.Error,
		Cases: r.Cases, Passed: r.Passed, Metrics: r.Metrics}
	if v.State == evals.RunQueued {
		v.State = evals.RunRunning // who waits cares about done and total, not about which node is busy
	}
	return v
}

type evalRunSummary struct {
	evalRunView
	Regressions int `json:"regressions" doc:"against the previous run of the suite"`
}

type evalRunsOutput struct {
	Body struct {
		Items []evalRunSummary `json:"items"`
	}
}

func (s *Server) listEvalRuns(ctx context.Context, in *listRunsInput) (*evalRunsOutput, error) {
	runs, err := s.c.Evals.Runs(ctx, who(ctx).Workspace, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &evalRunsOutput{}
	out.Body.Items = []evalRunSummary{}
	for _, r := range runs {
		out.Body.Items = append(out.Body.Items, evalRunSummary{evalRunOf(r), len(r.Regressions)})
	}
	return out, nil
}

type addEvalRunInput struct {
	Body struct {
		Suite string `json:"suite" enum:"reviewed,cases" doc:"reviewed are the published drafts, cases are these and the cases of conversations"`
	}
}

type addEvalRunOutput struct {
	Body struct {
		ID uuid.UUID `json:"id"`
	}
}

func (s *Server) addEvalRun(ctx context.Context, in *addEvalRunInput) (*addEvalRunOutput, error) {
	p := who(ctx)
	id, err := s.c.Evals.Enqueue(ctx, p.Workspace, p.Actor(), in.Body.Suite)
	if err != nil {
		return nil, err
	}
	out := &addEvalRunOutput{}
	out.Body.ID = id
	return out, nil
}

type evalRunInput struct {
	ID uuid.UUID `path:"id"`
}

type evalRunOutput struct {
	Body struct {
		evalRunView
		Regressions  []string         `json:"regressions" doc:"in words, against the previous run of the suite"`
		RiskCoverage []evals.Coverage `json:"risk_coverage"`
		Results      []evalResultView `json:"results"`
	}
}

type evalResultView struct {
	ID         string       `json:"id"`
	Question   string       `json:"question"`
	Tags       []string     `json:"tags"`
	Expected   bot.Decision `json:"expected" enum:"answer,clarify,handoff"`
	Decision   bot.Decision `json:"decision" enum:"answer,clarify,handoff"`
	Reason     string       `json:"reason"`
	Confidence float64      `json:"confidence"`
	Threshold  float64      `json:"threshold"`
	Reply      string       `json:"reply"`
	Sources    []string     `json:"sources" doc:"cited, or found first where nothing was cited"`
	Pass       bool         `json:"pass"`
	Failures   []string     `json:"failures" doc:"what was not as expected"`
	Ms         float64      `json:"ms"`
}

func (s *Server) getEvalRun(ctx context.Context, in *evalRunInput) (*evalRunOutput, error) {
	r, err := s.c.Evals.Get(ctx, who(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &evalRunOutput{}
	b := &out.Body
	b.evalRunView, b.Regressions = evalRunOf(r), append([]string{}, r.Regressions...)
	b.RiskCoverage, b.Results = []evals.Coverage{}, []evalResultView{}
	if r.Report == nil {
		return out, nil
	}
	b.RiskCoverage = append(b.RiskCoverage, r.Report.Curve...)
	for _, res := range r.Report.Results {
		b.Results = append(b.Results, evalResultView{ID: res.ID, Question: res.Question, Tags: append([]string{}, res.Tags...),
			Expected: res.Expected, Decision: res.Decision, Reason: res.Reason, Confidence: res.Confidence,
			Threshold: res.Threshold, Reply: res.Reply, Sources: append([]string{}, res.Sources...), Pass: res.Pass,
			Failures: append([]string{}, res.Failures...), Ms: res.Ms})
	}
	return out, nil
}
