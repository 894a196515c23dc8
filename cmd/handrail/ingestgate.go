package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"handrail/evals"
	"handrail/internal/errs"
	"handrail/knowledge"
)

// gateAttempts is how often a gated ingest begins again because somebody else has changed the documents meanwhile.
const gateAttempts = 3

// ingestGate makes an ingest depend on a suite: nothing that it changes is visible before the suite has passed over it.
type ingestGate struct {
	Gate     bool   `help:"Store nothing if the suite gets worse by it, and exit with status 1." xor:"dry,watch"`
	Suite    string `type:"existingfile" help:"Suite that --gate runs: YAML or JSONL." placeholder:"FILE"`
	Baseline string `type:"existingfile" help:"What the suite must reach; without it, what it reaches before the ingest." placeholder:"FILE"`
}

// store returns what takes the place of writing the documents batch by batch.
func (g ingestGate) store(st *stack, io streams) (func(context.Context, uuid.UUID, knowledge.Change) error, error) {
	if g.Suite == "" {
		return nil, errs.New(errs.Invalid, "--gate needs --suite FILE")
	}
	suite, err := readFile(g.Suite, evals.LoadSuite)
	if err != nil {
		return nil, err
	}
	var baseline *evals.Baseline
	if g.Baseline != "" {
		b, err := readFile(g.Baseline, evals.ReadBaseline)
		if err != nil {
			return nil, err
		}
		baseline = &b
	}
	return func(ctx context.Context, ws uuid.UUID, c knowledge.Change) error {
		if len(c.Replace)+len(c.Remove) == 0 {
			return nil
		}
		err := error(nil)
		for range gateAttempts {
			trial := trial{st: st, ws: ws, suite: suite, change: c, io: io}
			if err = trial.run(ctx, baseline); !errs.Is(err, errs.Conflict) {
				return err
			}
		}
		return err
	}, nil
}

// trial tries one change on copies of a workspace.
type trial struct {
	st     *stack
	ws     uuid.UUID
	suite  evals.Suite
	change knowledge.Change
	io     streams
}

// run makes the change if the suite is no worse for it. The workspace must be, at that moment, what was copied: a change by
// anybody else meanwhile ends it with an error of kind Conflict.
func (t trial) run(ctx context.Context, baseline *evals.Baseline) error {
	if baseline == nil {
		before, _, err := t.copied(ctx, knowledge.Change{})
		if err != nil {
			return err
		}
		b := evals.NewBaseline(before)
		baseline = &b
	}
	after, version, err := t.copied(ctx, t.change)
	if err != nil {
		return err
	}
	if worse := evals.Gate(after, *baseline); len(worse) > 0 {
		for _, r := range worse {
			fmt.Fprintln(t.io.err, "regression:", r)
		}
		return errs.New(errs.Invalid, "nothing was stored, because the suite %s got worse: %s", t.suite.Name, worse[0])
	}
	return t.st.base.Apply(ctx, t.ws, t.change, version)
}

// copied runs the suite over a copy of the workspace with a change, and returns the version of what was copied. Every run
// has a copy of its own: the bot remembers for some minutes what a workspace holds about an intent.
func (t trial) copied(ctx context.Context, c knowledge.Change) (report evals.Report, version int64, err error) {
	err = t.st.scratch(ctx, func(ws uuid.UUID) error {
		if version, err = t.st.base.Copy(ctx, t.ws, ws); err != nil {
			return err
		}
		if err := t.st.copyIntents(ctx, t.ws, ws); err != nil {
			return err
		}
		if err := t.st.base.Apply(ctx, ws, c, knowledge.AnyVersion); err != nil {
			return err
		}
		show, finish := progress(t.io.err)
		defer finish()
		report, err = evals.Run(ctx, t.st.bot, ws, t.suite, func(done, total int) { show(done, total, "asking") })
		return err
	})
	return report, version, err
}

// copyIntents trains the active catalog of one workspace in another one, which gives the same model.
func (st *stack) copyIntents(ctx context.Context, from, to uuid.UUID) error {
	catalog, version, err := st.classifier.Catalog(ctx, from)
	if err != nil || version == 0 {
		return err
	}
	_, err = st.classifier.Train(ctx, to, catalog)
	return err
}
