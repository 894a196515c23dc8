package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

const gateSuite = `
name: small
cases:
  - {id: returns, question: "How long can I return an item?", decision: answer, tags: [answerable], sources: [returns.md], facts: [["30 days", "45 days"]]}
  - {id: fees, question: "What does standard shipping within Germany cost?", decision: answer, tags: [answerable], sources: [fees.md]}
`

func TestGatedIngestStoresNothingThatMakesTheSuiteWorse(t *testing.T) {
	c := newCLI(t)
	dir := helpCentre(t)
	c.must("ingest", dir)
	suite := filepath.Join(t.TempDir(), "suite.yaml")
	require.NoError(t, os.WriteFile(suite, []byte(gateSuite), 0o644))
	require.Contains(t, c.must("eval", "run", suite, "--json"), `"pass":1`)

	// A document that is worse, one that is gone, and one that is new: none of it becomes visible.
	write(t, dir, "returns.md", "# Returns\n\n## How long can I return an item?\n\nAsk our team about it.\n")
	require.NoError(t, os.Remove(filepath.Join(dir, "fees.md")))
	write(t, dir, "gifts.md", "# Gift cards\n\nA gift card is valid for three years.\n")
	out, stderr, err := c.run("ingest", dir, "--prune", "--gate", "--suite", suite)
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.ErrorContains(t, err, "nothing was stored, because the suite small got worse: case returns passed before")
	require.Contains(t, stderr, "regression: case returns passed before")
	require.Contains(t, stderr, "regression: case fees passed before")
	require.Empty(t, out)
	require.Contains(t, c.must("eval", "run", suite, "--json"), `"pass":1`)
	require.NotContains(t, c.must("ask", "How long is a gift card valid?"), "three years")

	// The same change again, corrected, goes live as a whole.
	write(t, dir, "returns.md", "# Returns\n\n## How long can I return an item?\n\nYou can return an item within 45 days of delivery.\n")
	write(t, dir, "fees.md", "# Shipping fees\n\nStandard shipping within Germany costs 3.90 EUR.\n")
	require.Contains(t, c.must("ingest", dir, "--prune", "--gate", "--suite", suite), "added 1, changed 2, unchanged 0, removed 0")
	require.Contains(t, c.must("ask", "How long can I return an item?"), "45 days")
	require.Contains(t, c.must("ingest", dir, "--prune", "--gate", "--suite", suite), "added 0, changed 0, unchanged 3")

	// A baseline that the base has never reached refuses too.
	baseline := filepath.Join(t.TempDir(), "baseline.json")
	c.must("eval", "run", suite, "--save-baseline", "--baseline", baseline)
	write(t, dir, "fees.md", "# Shipping fees\n\nAsk us.\n")
	_, stderr, err = c.run("ingest", dir, "--gate", "--suite", suite, "--baseline", baseline)
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.Contains(t, stderr, "case fees passed before")

	for _, args := range [][]string{{"--gate"}, {"--gate", "--suite", suite, "--watch"}, {"--gate", "--suite", suite, "--dry-run"}} {
		_, _, err := c.run(append([]string{"ingest", dir}, args...)...)
		require.True(t, errs.Is(err, errs.Invalid), "%v: %v", args, err)
	}
}
