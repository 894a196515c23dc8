package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/ingest"
	"handrail/internal/audit"
)

type enqueueIngestInput struct {
	Body struct {
		URLs       []string `json:"urls" minItems:"1" maxItems:"100" doc:"http(s) addresses of pages"`
		Collection string   `json:"collection,omitempty" maxLength:"200" doc:"where the documents go; empty is a collection like any other"`
	}
}

type enqueueIngestOutput struct {
	Location string `header:"Location"`
	Body     struct {
		ID int64 `json:"id"`
	}
}

// accepted documents that the work goes on after the answer.
func accepted(op *huma.Operation) { op.DefaultStatus = http.StatusAccepted }

func (s *Server) enqueueIngest(ctx context.Context, in *enqueueIngestInput) (*enqueueIngestOutput, error) {
	p := who(ctx)
	var id int64
	err := s.c.DB.InTx(ctx, p.Workspace, func(tx pgx.Tx) (err error) {
		if id, err = s.c.Jobs.Enqueue(ctx, tx, p.Workspace, in.Body.URLs, in.Body.Collection); err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: "ingest.enqueue",
			Target: fmt.Sprintf("ingest:%d", id), Data: map[string]any{"urls": len(in.Body.URLs), "collection": in.Body.Collection}})
	})
	return enqueued(id), err
}

func enqueued(run int64) *enqueueIngestOutput {
	out := &enqueueIngestOutput{Location: fmt.Sprintf("/api/v1/ingest/%d", run)}
	out.Body.ID = run
	return out
}

type listIngestInput struct {
	Source uuid.UUID `query:"source" doc:"only the runs of this source"`
	Limit  int       `query:"limit" default:"50" minimum:"1" maximum:"200"`
}

type listIngestOutput struct {
	Body struct {
		Items []ingestSummary `json:"items"`
	}
}

type ingestSummary struct {
	runView
	Collection string   `json:"collection"`
	Sources    []string `json:"sources" doc:"as they were named"`
}

func (s *Server) listIngest(ctx context.Context, in *listIngestInput) (*listIngestOutput, error) {
	runs, err := s.c.Jobs.List(ctx, who(ctx).Workspace, in.Source, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listIngestOutput{}
	out.Body.Items = []ingestSummary{}
	for _, r := range runs {
		out.Body.Items = append(out.Body.Items, ingestSummary{runOf(r), r.Collection, r.Sources})
	}
	return out, nil
}

type ingestInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type ingestOutput struct {
	Body struct {
		ID     int64           `json:"id"`
		State  ingest.RunState `json:"state" enum:"queued,running,done,failed" doc:"failed if a source as a whole could not be read"`
		Done   int             `json:"done" doc:"items so far"`
		Total  int             `json:"total" doc:"items found so far"`
		Error  string          `json:"error,omitempty" doc:"why it failed"`
		Report *ingestReport   `json:"report,omitempty" doc:"when it is done or failed"`
	}
}

// ingestReport holds at most 1,000 names in each list.
type ingestReport struct {
	Added     []string        `json:"added"`
	Changed   []string        `json:"changed"`
	Unchanged []string        `json:"unchanged"`
	Removed   []string        `json:"removed"`
	Skipped   []string        `json:"skipped" doc:"what holds no text, or asks not to be taken"`
	Failed    []ingestFailure `json:"failed"`
	Passages  int             `json:"passages" doc:"of the added and changed pages"`
	Seconds   float64         `json:"seconds"`
}

type ingestFailure struct {
	Item   string `json:"item"`
	Reason string `json:"reason"`
}

func (s *Server) getIngest(ctx context.Context, in *ingestInput) (*ingestOutput, error) {
	job, err := s.c.Jobs.Get(ctx, who(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &ingestOutput{}
	out.Body.ID, out.Body.State, out.Body.Error = job.ID, job.State, job.Error
	out.Body.Done, out.Body.Total = job.Done, job.Total
	if job.Report != nil {
		out.Body.Report = ingestReportOf(*job.Report)
	}
	return out, nil
}

func ingestReportOf(r ingest.Report) *ingestReport {
	v := &ingestReport{Added: append([]string{}, r.Added...), Changed: append([]string{}, r.Changed...),
		Unchanged: append([]string{}, r.Unchanged...), Removed: append([]string{}, r.Removed...),
		Skipped: append([]string{}, r.Skipped...), Failed: []ingestFailure{},
		Passages: r.Passages, Seconds: r.Elapsed.Seconds()}
	for _, f := range r.Failed {
		v.Failed = append(v.Failed, ingestFailure(f))
	}
	return v
}
