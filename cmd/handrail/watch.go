package main

import (
	"context"
	"fmt"
	"io"

	"handrail/ingest"
	"handrail/internal/errs"
)

// watch ingests a folder and then each change in it, until ctx ends.
func watch(ctx context.Context, st *stack, specs []ingest.Spec, o ingest.Options, io streams) error {
	if len(specs) != 1 {
		return errs.New(errs.Invalid, "--watch takes one folder: start one command for each")
	}
	first := true
	report := func(r ingest.Report, err error) {
		if first {
			first = false
			fmt.Fprintf(io.out, "watching %s: added %d, changed %d, unchanged %d, removed %d, failed %d (Ctrl-C ends)\n",
				specs[0].Location, len(r.Added), len(r.Changed), len(r.Unchanged), len(r.Removed), len(r.Failed))
			r.Added, r.Changed, r.Removed = nil, nil, nil
		}
		printChanges(io.out, r)
		if err != nil {
			fmt.Fprintln(io.err, "handrail:", explain(err))
		}
	}
	partly := func(err error) {
		fmt.Fprintf(io.err, "handrail: the system does not tell of all changes (%v); the rest is found within half a minute\n", err)
	}
	return ingest.NewRuns(st.db, st.ingest).Watch(ctx, st.workspace, specs[0], o, report, partly)
}

// printChanges prints a line for every document that a run changed or could not read.
func printChanges(w io.Writer, r ingest.Report) {
	for _, list := range []struct {
		verb string
		uris []string
	}{{"added", r.Added}, {"changed", r.Changed}, {"removed", r.Removed}} {
		for _, uri := range list.uris {
			fmt.Fprintf(w, "%-8s %s\n", list.verb, uri)
		}
	}
	for _, f := range r.Failed {
		fmt.Fprintf(w, "%-8s %s: %s\n", "failed", f.Item, f.Reason)
	}
}
