package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/handoff/sim"
	"handrail/internal/errs"
)

func TestRoutingFromCheckingToGoingBack(t *testing.T) {
	c := newCLI(t)
	dir := t.TempDir()
	write(t, dir, "bad.yaml", "routing_rules:\n- {condition: \"is_vip(user_level)\", action: longest_idle()}\n")
	bad := filepath.Join(dir, "bad.yaml")
	_, stderr, err := c.run("routing", "check", bad)
	require.ErrorIs(t, err, silent(1))
	require.Contains(t, stderr, bad+": rule 1, condition, column 7: there is no function is_vip")
	_, _, err = c.run("routing", "set", bad)
	require.ErrorIs(t, err, silent(1))

	write(t, dir, "rules.json", `{"routing_rules":[{"keywords":["退款"],"action":"set_priority(2)"},{"condition":"true","action":"longest_idle()"}]}`)
	rules := filepath.Join(dir, "rules.json")
	require.Contains(t, c.must("routing", "check", rules), "2 rules, nothing wrong")
	require.Contains(t, c.must("routing", "try", rules), "0 handoffs tried, 0 would go another way")
	require.Contains(t, c.must("routing", "set", rules, "--note", "refunds"), "stored as version 1")
	require.Contains(t, c.must("routing", "set", rules, "--activate"), "version 2 is active")
	require.Regexp(t, `(?m)^2 +yes +20.* cli +2 *$`, c.must("routing", "list"))
	require.Contains(t, c.must("routing", "activate", "1"), "version 1 is active")
	require.Regexp(t, `(?m)^1 +yes +20.* cli +2 +refunds$`, c.must("routing", "list"))

	write(t, dir, "again.json", c.must("routing", "show", "1"))
	require.Contains(t, c.must("routing", "check", filepath.Join(dir, "again.json")), "2 rules, nothing wrong")
	_, _, err = c.run("routing", "activate", "9")
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	_, _, err = c.run("sim", "--past", "10")
	require.ErrorContains(t, err, "no handoffs yet")
}

func TestSimulationOfTheSample(t *testing.T) {
	c := newCLI(t)
	args := []string{"sim", "--days", "2", "--policy", "least_loaded,round_robin", "--json"}
	first := c.must(args...)
	require.Equal(t, first, c.must(args...), "the same seed is the same day")
	var report sim.Report
	require.NoError(t, json.Unmarshal([]byte(first), &report))
	require.Len(t, report.Lines, 2)
	require.Greater(t, report.Lines[0].Metrics["service_level"].Mean, 0.5)
	table := c.must("sim", "--days", "2", "--policy", "least_loaded,round_robin")
	require.Contains(t, table, "against least_loaded, what chance does not explain")
	require.Contains(t, table, "told off by")
	require.Regexp(t, `(?m)^500/day of p80<=60s in every hour: \d+ agents at most`,
		c.must("sim", "--staff", "500/day", "--target", "p80<=60s", "--days", "1"))

	dir := t.TempDir()
	write(t, dir, "visits.csv", "at,kind\n2026-11-02T09:30:00Z,VIP\n2026-11-02T09:30:30Z,returns\n")
	require.Contains(t, c.must("sim", "--days", "2", "--replay", filepath.Join(dir, "visits.csv")), "2 days of 2 visitors")
	for _, wrong := range [][]string{{"--policy", "best"}, {"--staff", "many"}, {"--staff", "9/day", "--target", "fast"}, {"--days", "-1"}} {
		_, _, err := c.run(append([]string{"sim"}, wrong...)...)
		require.True(t, errs.Is(err, errs.Invalid), "%v: %v", wrong, err)
	}
}
