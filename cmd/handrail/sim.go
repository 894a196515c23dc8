package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"handrail/handoff/routing"
	"handrail/handoff/sim"
	"handrail/internal/errs"
	"handrail/sample"
)

type simCommand struct {
	Scenario string   `arg:"" optional:"" type:"existingfile" help:"Scenario in YAML; without one the sample's."`
	Policy   []string `help:"Policies to compare: least_loaded, longest_idle, round_robin, skills, or configured for what rules and groups name." default:"configured,least_loaded,longest_idle,round_robin,skills"`
	Replay   string   `help:"CSV of past visits (at,handling_s,kind) instead of the scenario's arrivals." type:"existingfile" xor:"visits"`
	Past     int      `help:"Play this many of the workspace's latest handoffs again instead." xor:"visits"`
	Staff    string   `help:"Find the fewest agents for so many conversations, such as 100000/day."`
	Target   string   `help:"What --staff must reach in every hour." default:"p90<=30s"`
	Seed     uint64   `help:"First seed; the same one gives the same days." default:"1"`
	Days     int      `help:"Days to play, each with a seed of its own; 0 = 10, or 3 for --staff."`
	JSON     bool     `help:"Print everything as JSON."`
}

// Run plays the scenario.
func (cmd *simCommand) Run(ctx context.Context, c *commands, io streams) error {
	s, err := cmd.scenario(ctx, c, io)
	if err != nil {
		return err
	}
	if cmd.Days == 0 && cmd.Staff != "" {
		cmd.Days = 3
	} else if cmd.Days == 0 {
		cmd.Days = 10
	}
	if cmd.Staff != "" {
		return cmd.plan(ctx, s, io.out)
	}
	policies, err := cmd.policies()
	if err != nil {
		return err
	}
	report, err := s.Compare(ctx, policies, cmd.Seed, cmd.Days)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(io.out, report)
	}
	return printSimulation(io.out, report, s.Target)
}

// scenario reads the scenario and the visits of the past.
func (cmd *simCommand) scenario(ctx context.Context, c *commands, io streams) (*sim.Scenario, error) {
	data := sample.Desk
	if cmd.Scenario != "" {
		var err error
		if data, err = os.ReadFile(cmd.Scenario); err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "cannot read %s", cmd.Scenario)
		}
	}
	s, err := sim.Load(data)
	switch {
	case err != nil:
		return nil, err
	case cmd.Replay != "":
		f, err := os.Open(cmd.Replay)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "cannot read %s", cmd.Replay)
		}
		defer f.Close()
		return s, s.LoadReplay(f)
	case cmd.Past > 0:
		return s, withStack(ctx, c, io, func(st *stack) error { return replayPast(ctx, st, s, cmd.Past) })
	}
	return s, nil
}

// replayPast plays what happened at the desk again.
func replayPast(ctx context.Context, st *stack, s *sim.Scenario, n int) error {
	past, err := st.desk.Visits(ctx, st.workspace, n)
	if err != nil {
		return err
	}
	if len(past) == 0 {
		return errs.New(errs.NotFound, "there are no handoffs yet to play again")
	}
	visits := make([]sim.Visit, len(past))
	for i, v := range past {
		visits[i] = sim.Visit{At: v.At.Sub(past[0].At), Handling: v.Handling, Facts: &past[i].Facts}
	}
	return s.ReplayOf(past[0].At, visits)
}

func (cmd *simCommand) policies() (list []routing.Policy, err error) {
	known := []routing.Policy{routing.LeastLoaded, routing.LongestIdle, routing.RoundRobin, routing.BySkill}
	for _, name := range cmd.Policy {
		p := routing.Policy(name)
		if name == "configured" {
			p = ""
		} else if !slices.Contains(known, p) {
			return nil, errs.New(errs.Invalid, "there is no policy %q: use configured, least_loaded, longest_idle, round_robin or skills", name)
		}
		list = append(list, p)
	}
	return list, nil
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printSimulation prints a table of means with the half width of their 95 % intervals, and what differs for certain.
func printSimulation(out io.Writer, r sim.Report, target time.Duration) error {
	var visitors int
	for _, d := range r.Lines[0].Days {
		visitors += d.Offered
	}
	fmt.Fprintf(out, "%s: %d days of %d visitors, the same for every policy; mean and 95 %% interval\n\n",
		r.Scenario, len(r.Seeds), visitors/len(r.Seeds))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "policy\tmean wait s\tp50\tp90\tp99\twithin %v %%\tgave up %%\tbusy %%\tGini\tmin/max\ttold off by s\tbias s\tin range %%\t\n", target)
	for _, l := range r.Lines {
		m := l.Metrics
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", l.Policy, seconds(m["wait_mean"]),
			seconds(m["wait_p50"]), seconds(m["wait_p90"]), seconds(m["wait_p99"]), hundredths(m["service_level"]),
			hundredths(m["abandonment"]), hundredths(m["utilisation"]), fraction(m["gini"]), fraction(m["min_max"]),
			seconds(m["estimate_error"]), seconds(m["estimate_bias"]), hundredths(m["estimate_within"]))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return printDifferences(out, r)
}

// printDifferences names what differs from the first policy by more than chance explains.
func printDifferences(out io.Writer, r sim.Report) error {
	fmt.Fprintf(out, "\nagainst %s, what chance does not explain:\n", r.Lines[0].Policy)
	for _, l := range r.Lines[1:] {
		var parts []string
		for _, name := range sim.Metrics() {
			if d := l.Versus[name]; max(d.Mean, -d.Mean) > d.Half && d.Half > 0 {
				parts = append(parts, fmt.Sprintf("%s %+.3g ± %.2g", name, d.Mean, d.Half))
			}
		}
		if len(parts) == 0 {
			parts = []string{"nothing"}
		}
		fmt.Fprintf(out, "  %s: %s\n", l.Policy, strings.Join(parts, ", "))
	}
	_, err := fmt.Fprintln(out)
	return err
}

func seconds(i sim.Interval) string    { return fmt.Sprintf("%.1f ± %.1f", i.Mean, i.Half) }
func hundredths(i sim.Interval) string { return fmt.Sprintf("%.1f ± %.1f", 100*i.Mean, 100*i.Half) }
func fraction(i sim.Interval) string   { return fmt.Sprintf("%.3f ± %.3f", i.Mean, i.Half) }

// plan finds the staff.
func (cmd *simCommand) plan(ctx context.Context, s *sim.Scenario, out io.Writer) error {
	number, unit, _ := strings.Cut(cmd.Staff, "/")
	perDay, err := strconv.ParseFloat(number, 64)
	if err != nil || unit != "day" {
		return errs.New(errs.Invalid, "--staff is %q: write a number of conversations a day, such as 100000/day", cmd.Staff)
	}
	goal, err := sim.ParseGoal(cmd.Target)
	if err != nil {
		return err
	}
	if err := s.Scale(perDay); err != nil {
		return err
	}
	plan, err := s.Plan(ctx, goal, cmd.Seed, cmd.Days)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(out, plan)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "hour\tvisitors\tagents\tp%.0f s\t\n", 100*goal.Share)
	for h, n := range plan.Agents {
		fmt.Fprintf(w, "%02d:00\t%d\t%d\t%.1f\t\n", h, plan.Offered[h], n, plan.Wait[h])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\n%s of %s in every hour: %d agents at most, %d hours of work a day, %.1f %% busy (%d days, %d rounds)\n",
		cmd.Staff, cmd.Target, plan.Peak, plan.AgentHours, 100*plan.Result.Utilisation, cmd.Days, plan.Rounds)
	return err
}
