package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// chatCommand measures everything, or the parts named by --only.
type chatCommand struct {
	Server   string        `default:"bin/handrail" type:"path" help:"The built binary of the server under test."`
	Database string        `env:"DATABASE_URL" help:"A throw-away database on this machine; empty starts a private cluster."`
	PGBin    string        `env:"HANDRAIL_PG_BIN" help:"Folder of PostgreSQL's binaries for the private cluster."`
	Only     []string      `help:"Parts to run: inserts, paced, saturated, idle, nodes, overload, history. Empty runs all."`
	Agents   int           `default:"100" help:"Agents, each with ten conversations."`
	Length   time.Duration `default:"8s" help:"How long each load is measured."`
	Rate     float64       `default:"500" help:"Messages per second of the paced load."`
	Overload time.Duration `default:"60s" help:"How long twice the maximum is offered."`
	Stored   []int         `default:"10000,1000000" help:"Stored messages at which the cost of one more is measured."`
	Active   []int         `default:"50,400" help:"How many visitors write at a time in the saturated load."`
	Alone    bool          `help:"Leave out the references, for profiling."`
	JSON     string        `type:"path" help:"File for the figures."`
}

// part is one measurement, with the references it is compared with.
type part struct {
	name string
	run  func(ctx context.Context, w *world, r *report) error
}

func (cmd *chatCommand) parts() []part {
	return []part{
		{"inserts", cmd.inserts},
		{"paced", cmd.paced},
		{"saturated", cmd.saturated},
		{"idle", cmd.idle},
		{"nodes", cmd.nodes},
		{"overload", cmd.overload},
		{"history", cmd.history},
	}
}

// Run prints one table of figures, references, ratios and goals.
func (cmd *chatCommand) Run(ctx context.Context) error {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	r := &report{Started: time.Now().UTC(), alone: cmd.Alone}
	return withWorld(ctx, cmd, func(w *world) error {
		if err := w.referenceTable(ctx); err != nil {
			return err
		}
		for _, p := range cmd.parts() {
			if len(cmd.Only) > 0 && !slices.Contains(cmd.Only, p.name) {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), p.name)
			if err := p.run(ctx, w, r); err != nil {
				r.fail(p.name, err)
			}
			if ctx.Err() != nil {
				break
			}
		}
		return r.finish(cmd.JSON)
	})
}

// onNode runs a load on a fresh node.
func (w *world) onNode(ctx context.Context, drive func(l *load, g gauge) (outcome, error)) (outcome, error) {
	node, err := w.serve(ctx)
	if err != nil {
		return outcome{}, err
	}
	defer node.stop()
	return w.onNodes(ctx, []*process{node}, drive)
}

// onNodes runs a load on running nodes.
func (w *world) onNodes(ctx context.Context, nodes []*process, drive func(l *load, g gauge) (outcome, error)) (outcome, error) {
	defer func() { _ = w.stay(ctx) }()
	g := gauge{nodes, w.postgres}
	return w.measure(ctx, &product{w: w, nodes: nodes}, func(l *load) (outcome, error) { return drive(l, g) })
}

// onBare runs a load on a fresh reference server.
func (w *world) onBare(ctx context.Context, mode string, drive func(l *load, g gauge) (outcome, error)) (outcome, error) {
	node, err := spawnReference(ctx, mode, w.url)
	if err != nil {
		return outcome{}, err
	}
	defer node.stop()
	g := gauge{[]*process{node}, w.postgres}
	return w.measure(ctx, &bare{server: node, talks: len(w.talks)}, func(l *load) (outcome, error) { return drive(l, g) })
}

func spawnReference(ctx context.Context, mode, url string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return spawn(ctx, []string{"DATABASE_URL=" + url}, self, "reference", "--mode", mode)
}

// paced offers a steady load that the machine carries easily: what counts is the delay.
func (cmd *chatCommand) paced(ctx context.Context, w *world, r *report) error {
	drive := func(l *load, g gauge) (outcome, error) {
		defer l.pace(ctx, cmd.Rate)()
		return l.window(ctx, g, cmd.Length)
	}
	return r.compare(ctx, w, fmt.Sprintf("%.0f messages/s", cmd.Rate), drive, goals{seenP99: 5})
}

// saturated lets some visitors write as fast as they are answered.
func (cmd *chatCommand) saturated(ctx context.Context, w *world, r *report) error {
	perSecond := map[int]float64{50: 9000, 400: 14000}
	seenP99 := map[int]float64{50: 25}
	for _, active := range cmd.Active {
		drive := func(l *load, g gauge) (outcome, error) { return l.saturate(ctx, active, g, cmd.Length) }
		err := r.compare(ctx, w, fmt.Sprintf("saturated, %d active", active), drive, goals{perSecond: perSecond[active],
			seenP99: seenP99[active], ofBatch: .6, serverCPU: 70, databaseCPU: 50})
		if err != nil {
			return err
		}
	}
	return nil
}
