package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
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
	p, out := who(ctx), &enqueueIngestOutput{}
	err := s.c.DB.InTx(ctx, p.Workspace, func(tx pgx.Tx) error {
		id, err := s.c.Jobs.Enqueue(ctx, tx, p.Workspace, in.Body.URLs, in.Body.Collection)
		if err != nil {
			return err
		}
		out.Body.ID, out.Location = id, fmt.Sprintf("/api/v1/ingest/%d", id)
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: "ingest.enqueue",
			Target: fmt.Sprintf("ingest:%d", id), Data: map[string]any{"urls": len(in.Body.URLs), "collection": in.Body.Collection}})
	})
	return out, err
}

type ingestInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type ingestOutput struct {
	Body struct {
		ID     int64           `json:"id"`
		State  ingest.JobState `json:"state" enum:"queued,running,done,failed" doc:"failed also when only some pages could not be read"`
		Done   int             `json:"done" doc:"pages so far"`
		Total  int             `json:"total"`
		Error  string          `json:"error,omitempty" doc:"why it failed"`
		Report *ingestReport   `json:"report,omitempty" doc:"when it is done or failed"`
	}
}

type ingestReport struct {
	Added     []string        `json:"added"`
	Changed   []string        `json:"changed"`
	Unchanged []string        `json:"unchanged"`
	Skipped   []string        `json:"skipped" doc:"pages that hold no text, such as redirects"`
	Failed    []ingestFailure `json:"failed"`
	Passages  int             `json:"passages" doc:"of the added and changed pages"`
	Seconds   float64         `json:"seconds"`
}

type ingestFailure struct {
	Item   string `json:"item"`
	Reason string `json:"reason"`
}

func (s *Server) getIngest(ctx context.Context, in *ingestInput) (*ingestOutput, error) {
	job, err := s.c.Jobs.Status(ctx, who(ctx).Workspace, in.ID)
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
		Unchanged: append([]string{}, r.Unchanged...), Skipped: append([]string{}, r.Skipped...), Failed: []ingestFailure{},
		Passages: r.Passages, Seconds: r.Elapsed.Seconds()}
	for _, f := range r.Failed {
		v.Failed = append(v.Failed, ingestFailure(f))
	}
	return v
}
