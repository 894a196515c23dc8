package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/ingest"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

type sourcesCommand struct {
	List   sourcesListCommand   `cmd:"" help:"List the sources with their last runs."`
	Add    sourcesAddCommand    `cmd:"" help:"Add a page, sitemap or site that the server reads, now and again."`
	Run    sourcesRunCommand    `cmd:"" help:"Read a source again, here and now."`
	Remove sourcesRemoveCommand `cmd:"" name:"rm" help:"Remove a source."`
}

type sourcesListCommand struct{}

// Run prints a line for each source.
func (cmd *sourcesListCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		sources, err := ingest.NewRuns(st.db, st.ingest).Sources(ctx, st.workspace)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKIND\tCOLLECTION\tDOCUMENTS\tEVERY\tLAST RUN\tLOCATION")
		for _, s := range sources {
			every := "-"
			if s.EveryHours > 0 {
				every = fmt.Sprintf("%d h", s.EveryHours)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", s.ID, s.Kind, s.Collection, s.Documents, every,
				lastRun(s.LastRun), s.Location)
		}
		return w.Flush()
	})
}

func lastRun(r *ingest.Run) string {
	switch {
	case r == nil:
		return "never"
	case r.Failed > 0:
		return fmt.Sprintf("%s %s, %d items failed", r.State, r.StartedAt.Format("2006-01-02 15:04"), r.Failed)
	}
	return fmt.Sprintf("%s %s", r.State, r.StartedAt.Format("2006-01-02 15:04"))
}

type sourcesAddCommand struct {
	Source     string `arg:"" help:"The address of a page, sitemap:ADDRESS or crawl:ADDRESS."`
	Collection string `help:"Collection that the documents belong to." default:"help"`
	Every      int    `help:"Read it again after so many hours; 0 means only when asked to."`
	webLimits
}

// Run records the source; a server reads it.
func (cmd *sourcesAddCommand) Run(ctx context.Context, c *commands, io streams) error {
	specs, err := cmd.specs(cmd.Source)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		jobs, err := ingest.NewJobs(st.db, st.ingest, st.logger)
		if err != nil {
			return err
		}
		var id uuid.UUID
		err = st.db.InTx(ctx, st.workspace, func(tx pgx.Tx) (err error) {
			if id, err = jobs.AddSource(ctx, tx, st.workspace, specs[0], cmd.Collection, cmd.Every); err != nil {
				return err
			}
			return st.record(ctx, tx, "source.add", id, map[string]any{"kind": specs[0].Kind, "location": specs[0].Location,
				"collection": cmd.Collection, "every_hours": cmd.Every})
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "%s\na running server reads it now; `handrail sources run %s` reads it here\n", id, id)
		return err
	})
}

type sourcesRunCommand struct {
	ID string `arg:"" help:"Id of the source, as handrail sources list prints it."`
}

// Run reads the source in this process; it fails with status 1 if any document failed.
func (cmd *sourcesRunCommand) Run(ctx context.Context, c *commands, io streams) error {
	id, err := sourceID(cmd.ID)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		show, finish := progress(io.err)
		report, err := ingest.NewRuns(st.db, st.ingest).RunSource(ctx, st.workspace, id, ingest.Options{
			Progress: func(p ingest.Progress) { show(p.Done, p.Total, p.Current) },
			Recorded: func(ctx context.Context, tx pgx.Tx, run int64) error {
				return st.record(ctx, tx, "source.run", id, map[string]any{"run": run})
			},
		})
		finish()
		return (&ingestCommand{}).conclude(io.out, report, err)
	})
}

type sourcesRemoveCommand struct {
	ID        string `arg:"" help:"Id of the source, as handrail sources list prints it."`
	Documents bool   `help:"Also remove the documents that came from this source and from no other."`
}

// Run removes the source, and its documents before it if they are to go too.
func (cmd *sourcesRemoveCommand) Run(ctx context.Context, c *commands, io streams) error {
	id, err := sourceID(cmd.ID)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		removed, err := ingest.NewRuns(st.db, st.ingest).DropSource(ctx, st.workspace, id, cmd.Documents,
			func(ctx context.Context, tx pgx.Tx, action string, n int) error {
				return st.record(ctx, tx, action, id, map[string]any{"documents": n})
			})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "removed the source and %d documents\n", removed)
		return err
	})
}

func (st *stack) record(ctx context.Context, tx pgx.Tx, action string, source uuid.UUID, data map[string]any) error {
	return audit.Write(ctx, tx, st.workspace, audit.Record{Actor: "cli", Action: action,
		Target: "source:" + source.String(), Data: data})
}

func sourceID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return id, errs.Wrap(err, errs.Invalid, "%q is no id of a source: `handrail sources list` prints them", s)
	}
	return id, nil
}
