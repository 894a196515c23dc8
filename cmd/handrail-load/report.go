package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

// report gathers the figures of a run.
type report struct {
	alone    bool
	Started  time.Time `json:"started"`
	Rows     []row     `json:"rows"`
	Loads    []loaded  `json:"loads"`
	Failures []string  `json:"failures"`
}

// row is one figure beside what it is compared with.
type row struct {
	Name      string  `json:"name"`
	Figure    float64 `json:"figure"`
	Unit      string  `json:"unit"`
	Beside    string  `json:"beside,omitempty"` // what the reference is
	Reference float64 `json:"reference,omitempty"`
	Ratio     float64 `json:"ratio,omitempty"` // figure / reference
	Goal      string  `json:"goal,omitempty"`
	Met       *bool   `json:"met,omitempty"`
}

// loaded is the outcome of one load on one server.
type loaded struct {
	Load   string `json:"load"`
	Server string `json:"server"`
	outcome
}

// goals of a load; zero means none.
type goals struct{ perSecond, seenP99, ofBatch, serverCPU, databaseCPU float64 }

// add appends a row without a goal.
func (r *report) add(x row) *row {
	if x.Reference != 0 {
		x.Ratio = x.Figure / x.Reference
	}
	r.Rows = append(r.Rows, x)
	return &r.Rows[len(r.Rows)-1]
}

func (x *row) atLeast(goal float64, what string) {
	if goal > 0 {
		met := x.Figure >= goal
		x.Goal, x.Met = fmt.Sprintf(">= %s%s", short(goal), what), &met
	}
}

func (x *row) atMost(goal float64, what string) {
	if goal > 0 {
		met := x.Figure <= goal
		x.Goal, x.Met = fmt.Sprintf("<= %s%s", short(goal), what), &met
	}
}

func (x *row) ratioAtLeast(goal float64) {
	if goal > 0 {
		met := x.Ratio >= goal
		x.Goal, x.Met = fmt.Sprintf("ratio >= %s", short(goal)), &met
	}
}

func (x *row) ratioAtMost(goal float64) {
	if goal > 0 {
		met := x.Ratio <= goal
		x.Goal, x.Met = fmt.Sprintf("ratio <= %s", short(goal)), &met
	}
}

// compare runs a load on the server and on both references, and adds the rows.
func (r *report) compare(ctx context.Context, w *world, name string, drive func(*load, gauge) (outcome, error), g goals) error {
	batch, err := r.reference(ctx, w, name, "batch", drive)
	if err != nil {
		return err
	}
	single, err := r.reference(ctx, w, name, "insert", drive)
	if err != nil {
		return err
	}
	o, err := w.onNode(ctx, drive)
	if err != nil {
		return err
	}
	r.note(name, "handrail", o)
	x := r.add(row{Name: name, Figure: o.PerSecond, Unit: "messages/s", Beside: "bare, batched INSERT", Reference: batch.PerSecond})
	x.atLeast(g.perSecond, "")
	if g.ofBatch > 0 {
		x = r.add(row{Name: name + ", of bare batched", Figure: o.PerSecond, Unit: "messages/s", Beside: "bare, batched INSERT", Reference: batch.PerSecond})
		x.ratioAtLeast(g.ofBatch)
		r.add(row{Name: name + ", of bare single", Figure: o.PerSecond, Unit: "messages/s", Beside: "bare, one INSERT each", Reference: single.PerSecond})
	}
	r.add(row{Name: name + ", acknowledged p99", Figure: o.AckP99, Unit: "ms", Beside: "bare, batched INSERT", Reference: batch.AckP99})
	r.add(row{Name: name + ", seen p50", Figure: o.SeenP50, Unit: "ms", Beside: "bare, batched INSERT", Reference: batch.SeenP50})
	r.add(row{Name: name + ", seen p99", Figure: o.SeenP99, Unit: "ms", Beside: "bare, batched INSERT", Reference: batch.SeenP99}).atMost(g.seenP99, "")
	r.add(row{Name: name + ", server CPU", Figure: o.ServerCPU, Unit: "us/message", Beside: "bare, batched INSERT", Reference: batch.ServerCPU}).atMost(g.serverCPU, "")
	r.add(row{Name: name + ", PostgreSQL CPU", Figure: o.DatabaseCPU, Unit: "us/message", Beside: "bare, batched INSERT", Reference: batch.DatabaseCPU}).atMost(g.databaseCPU, "")
	r.add(row{Name: name + ", lost or not seen", Figure: float64(o.Lost + o.Acked - o.Seen), Unit: "messages"}).atMost(0.5, "")
	return nil
}

// reference runs a load on a bare server.
func (r *report) reference(ctx context.Context, w *world, name, mode string, drive func(*load, gauge) (outcome, error)) (outcome, error) {
	if r.alone {
		return outcome{}, nil
	}
	o, err := w.onBare(ctx, mode, drive)
	if err != nil {
		return o, fmt.Errorf("bare server, %s: %w", mode, err)
	}
	r.note(name, "bare, "+mode, o)
	return o, nil
}

// note keeps the outcome of a load and shows it at once.
func (r *report) note(load, server string, o outcome) {
	r.Loads = append(r.Loads, loaded{load, server, o})
	fmt.Fprintf(os.Stderr, "  %-22s %-22s %7.0f/s  ack %.1f/%.1f  seen %.1f/%.1f ms  CPU %.0f + %.0f us  %.0f MiB  sent %d acked %d seen %d refused %d lost %d\n",
		load, server, o.PerSecond, o.AckP50, o.AckP99, o.SeenP50, o.SeenP99, o.ServerCPU, o.DatabaseCPU, o.ServerMiB,
		o.Sent, o.Acked, o.Seen, o.Refused, o.Lost)
}

func (r *report) fail(part string, err error) {
	fmt.Fprintf(os.Stderr, "  %s failed: %v\n", part, err)
	r.Failures = append(r.Failures, part+": "+err.Error())
}

// finish prints the table, writes the file if one is asked for, and fails if a part has failed.
func (r *report) finish(file string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tvalue\tunit\treference\tvalue\tratio\tgoal\tmet")
	for _, x := range r.Rows {
		reference, ratio, met := "", "", ""
		if x.Reference != 0 {
			reference, ratio = short(x.Reference), fmt.Sprintf("%.2f", x.Ratio)
		}
		if x.Met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*x.Met]
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Name, short(x.Figure), x.Unit, x.Beside, reference, ratio, x.Goal, met)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if file != "" {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	if len(r.Failures) > 0 {
		return errors.New("a part failed: " + r.Failures[0])
	}
	return nil
}

// short prints a number with about three digits that matter.
func short(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
