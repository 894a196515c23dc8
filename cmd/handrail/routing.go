package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"handrail/handoff/routing"
	"handrail/internal/errs"
)

type routingCommand struct {
	Check    routingCheckCommand    `cmd:"" help:"Say what is wrong with routing rules."`
	Try      routingTryCommand      `cmd:"" help:"Send past handoffs through other rules and list the differences."`
	Set      routingSetCommand      `cmd:"" help:"Store routing rules as a new version."`
	List     routingListCommand     `cmd:"" help:"List the versions of the routing rules."`
	Show     routingShowCommand     `cmd:"" help:"Print the rules of a version as JSON."`
	Activate routingActivateCommand `cmd:"" help:"Route by another version: go forward, or back."`
}

// rulesFile is a file of rules.
type rulesFile struct {
	File string `arg:"" type:"existingfile" help:"Rules in JSON or YAML, under routing_rules."`
}

// read returns the rules, or prints each problem on a line of its own.
func (f rulesFile) read(ctx context.Context, st *stack, io streams) (*routing.Rules, error) {
	data, err := os.ReadFile(f.File)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "cannot read %s", f.File)
	}
	rules, problems, err := st.desk.CheckRules(ctx, st.workspace, data)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		fmt.Fprintf(io.err, "%s: %s\n", f.File, p)
	}
	if len(problems) > 0 {
		return nil, silent(1)
	}
	return rules, nil
}

type routingCheckCommand struct{ rulesFile }

// Run prints what is wrong, and fails if anything is.
func (cmd *routingCheckCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		rules, err := cmd.read(ctx, st, io)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "%d rules, nothing wrong\n", len(rules.Texts()))
		return err
	})
}

type routingTryCommand struct {
	rulesFile
	Limit int `help:"Latest handoffs to try, at most 2000." default:"200"`
}

// Run prints a line for each handoff that would go another way.
func (cmd *routingTryCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		rules, err := cmd.read(ctx, st, io)
		if err != nil {
			return err
		}
		trial, err := st.desk.TryRules(ctx, st.workspace, rules, cmd.Limit)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%d handoffs tried, %d would go another way, rules failed in %d\n",
			trial.Tried, len(trial.Changes), trial.Failed)
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		for _, t := range trial.Changes {
			fmt.Fprintf(w, "%s\t%s\t%s\t-> %s\t%s\n", t.At.Format("2006-01-02 15:04"), t.Reason, shortRoute(t.Before),
				shortRoute(t.After), strings.ReplaceAll(t.Text, "\n", " / "))
		}
		return w.Flush()
	})
}

// shortRoute names where a route leads, and the rule.
func shortRoute(r routing.Route) string {
	to := r.Group
	if r.Email != "" {
		to = strings.TrimSpace(to + " " + r.Email)
	}
	if to == "" {
		to = "anybody"
	}
	if r.Rule == 0 {
		return to + " (no rule)"
	}
	return fmt.Sprintf("%s (rule %d)", to, r.Rule)
}

type routingSetCommand struct {
	rulesFile
	Note     string `help:"What is new, for the list of versions."`
	Activate bool   `help:"Route by it at once."`
}

// Run stores the rules.
func (cmd *routingSetCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		rules, err := cmd.read(ctx, st, io)
		if err != nil {
			return err
		}
		v, err := st.desk.SaveRules(ctx, st.workspace, "cli", rules, cmd.Note)
		if err != nil {
			return err
		}
		if cmd.Activate {
			return activateRules(ctx, st, io.out, v.Version)
		}
		_, err = fmt.Fprintf(io.out, "stored as version %d; it decides after `handrail routing activate %[1]d`\n", v.Version)
		return err
	})
}

func activateRules(ctx context.Context, st *stack, out io.Writer, version int) error {
	if err := st.desk.ActivateRules(ctx, st.workspace, "cli", version); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "version %d is active; the next handoff on every server follows it\n", version)
	return err
}

type routingActivateCommand struct {
	Version int `arg:"" help:"Version, as handrail routing list prints it; 0 = no rules."`
}

// Run activates the version on every node.
func (cmd *routingActivateCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error { return activateRules(ctx, st, io.out, cmd.Version) })
}

type routingListCommand struct{}

// Run prints a line for each version.
func (cmd *routingListCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		versions, err := st.desk.RulesVersions(ctx, st.workspace)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "VERSION\tACTIVE\tSTORED\tBY\tRULES\tNOTE")
		for _, v := range versions {
			active := ""
			if v.Active {
				active = "yes"
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\n", v.Version, active, v.CreatedAt.Format("2006-01-02 15:04"), v.By, v.Count, v.Note)
		}
		return w.Flush()
	})
}

type routingShowCommand struct {
	Version int `arg:"" help:"Version, as handrail routing list prints it."`
}

// Run prints the rules so that they can be edited and set again.
func (cmd *routingShowCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		rules, err := st.desk.Rules(ctx, st.workspace, cmd.Version)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(io.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"routing_rules": rules})
	})
}
