package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/ingest"
	"handrail/internal/audit"
)

type sourceView struct {
	ID         uuid.UUID   `json:"id"`
	Kind       ingest.Kind `json:"kind" enum:"folder,file,page,sitemap,crawl"`
	Location   string      `json:"location" doc:"an address; of a folder or file, the path on the machine that ingested it"`
	Collection string      `json:"collection"`
	EveryHours int         `json:"every_hours" doc:"how often it is read again; 0 means only when asked to"`
	MaxPages   int         `json:"max_pages"`
	Depth      int         `json:"depth" doc:"of a crawl: how many links away from the first page"`
	Documents  int         `json:"documents"`
	CreatedAt  time.Time   `json:"created_at"`
	NextRunAt  *time.Time  `json:"next_run_at"`
	LastRun    *runView    `json:"last_run"`
}

// runView sums up a run. Failed counts items, the others documents.
type runView struct {
	ID         int64           `json:"id"`
	State      ingest.RunState `json:"state" enum:"queued,running,done,failed"`
	Done       int             `json:"done" doc:"items so far"`
	Total      int             `json:"total" doc:"items found so far"`
	StartedAt  time.Time       `json:"started_at" doc:"when it was asked for, until it starts"`
	FinishedAt *time.Time      `json:"finished_at"`
	Added      int             `json:"added"`
	Changed    int             `json:"changed"`
	Removed    int             `json:"removed"`
	Unchanged  int             `json:"unchanged"`
	Failed     int             `json:"failed"`
	Error      string          `json:"error" doc:"why it failed; empty otherwise"`
}

func runOf(r ingest.Run) runView {
	return runView{ID: r.ID, State: r.State, Done: r.Done, Total: r.Total, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
		Added: r.Added, Changed: r.Changed, Removed: r.Removed, Unchanged: r.Unchanged, Failed: r.Failed, Error: r.Error}
}

func sourceOf(s ingest.Source) sourceView {
	v := sourceView{ID: s.ID, Kind: s.Kind, Location: s.Location, Collection: s.Collection, EveryHours: s.EveryHours,
		MaxPages: s.MaxPages, Depth: s.Depth, Documents: s.Documents, CreatedAt: s.CreatedAt, NextRunAt: s.NextRunAt}
	if s.LastRun != nil {
		run := runOf(*s.LastRun)
		v.LastRun = &run
	}
	return v
}

type sourcesOutput struct {
	Body struct {
		Items []sourceView `json:"items"`
	}
}

func (s *Server) listSources(ctx context.Context, _ *struct{}) (*sourcesOutput, error) {
	sources, err := s.c.Jobs.Sources(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &sourcesOutput{}
	out.Body.Items = []sourceView{}
	for _, source := range sources {
		out.Body.Items = append(out.Body.Items, sourceOf(source))
	}
	return out, nil
}

type addSourceInput struct {
	Body struct {
		Kind       ingest.Kind `json:"kind" enum:"page,sitemap,crawl"`
		Location   string      `json:"location" minLength:"1" maxLength:"2000" doc:"http(s) address"`
		Collection string      `json:"collection,omitempty" maxLength:"200" doc:"where the documents go; empty is a collection like any other"`
		EveryHours int         `json:"every_hours,omitempty" minimum:"0" maximum:"8784" doc:"how often to read it again; 0 means only when asked to"`
		MaxPages   int         `json:"max_pages,omitempty" minimum:"0" maximum:"10000" doc:"0 means 500"`
		Depth      int         `json:"depth,omitempty" minimum:"0" maximum:"20" doc:"of a crawl; 0 means 5"`
	}
}

type sourceOutput struct {
	Location string `header:"Location"`
	Body     sourceView
}

func (s *Server) addSource(ctx context.Context, in *addSourceInput) (*sourceOutput, error) {
	p, b := who(ctx), in.Body
	var id uuid.UUID
	err := s.c.DB.InTx(ctx, p.Workspace, func(tx pgx.Tx) (err error) {
		spec := ingest.Spec{Kind: b.Kind, Location: b.Location, MaxPages: b.MaxPages, Depth: b.Depth}
		if id, err = s.c.Jobs.AddSource(ctx, tx, p.Workspace, spec, b.Collection, b.EveryHours); err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: "source.add", Target: "source:" + id.String(),
			Data: map[string]any{"kind": b.Kind, "location": b.Location, "collection": b.Collection, "every_hours": b.EveryHours}})
	})
	if err != nil {
		return nil, err
	}
	source, err := s.c.Jobs.Source(ctx, p.Workspace, id)
	return &sourceOutput{Location: "/api/v1/sources/" + id.String(), Body: sourceOf(source)}, err
}

type sourceInput struct {
	ID uuid.UUID `path:"id"`
}

func (s *Server) runSource(ctx context.Context, in *sourceInput) (*enqueueIngestOutput, error) {
	p := who(ctx)
	var run int64
	err := s.c.DB.InTx(ctx, p.Workspace, func(tx pgx.Tx) (err error) {
		if run, err = s.c.Jobs.StartSource(ctx, tx, p.Workspace, in.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: "source.run",
			Target: "source:" + in.ID.String(), Data: map[string]any{"run": run}})
	})
	return enqueued(run), err
}

type removeSourceInput struct {
	ID        uuid.UUID `path:"id"`
	Documents bool      `query:"documents" doc:"also remove the documents that came from this source and from no other"`
}

// removeSource removes a source and, on demand, what came from it alone.
func (s *Server) removeSource(ctx context.Context, in *removeSourceInput) (*struct{}, error) {
	p := who(ctx)
	_, err := s.c.Jobs.DropSource(ctx, p.Workspace, in.ID, in.Documents, func(ctx context.Context, tx pgx.Tx, action string, n int) error {
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: action,
			Target: "source:" + in.ID.String(), Data: map[string]any{"documents": n}})
	})
	return nil, err
}

// created documents that a POST makes something new.
func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }
