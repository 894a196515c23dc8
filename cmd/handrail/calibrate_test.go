package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

func TestCalibrateFromTheCommandLine(t *testing.T) {
	c := newCLI(t)
	c.must("ingest", helpCentre(t))
	var suite strings.Builder
	suite.WriteString("name: many\ncases:\n")
	for i := range 24 {
		fmt.Fprintf(&suite, "  - {id: y%d, question: \"How long can I return item number%d?\", decision: answer, sources: [returns.md]}\n", i, i)
		fmt.Fprintf(&suite, "  - {id: n%d, question: \"Where does the moon %d shine?\", decision: handoff}\n", i, i)
	}
	dir := t.TempDir()
	write(t, dir, "suite.yaml", suite.String())
	path := filepath.Join(dir, "suite.yaml")
	out := c.must("eval", "run", path)
	require.Contains(t, out, "risk and coverage")
	require.Contains(t, out, "Clopper-Pearson")
	require.Equal(t, riskPart(out), riskPart(c.must("eval", "run", path)))

	var report struct {
		Risk struct {
			Cases int
			AURC  *float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(c.must("eval", "run", path, "--json", "--target-risk", "0.1")), &report))
	require.NotNil(t, report.Risk.AURC)

	_, _, err := c.run("eval", "calibrate", "workspace")
	require.True(t, errs.Is(err, errs.Invalid))
	require.ErrorContains(t, err, "at least 40 labelled turns")
	_, stderr, err := c.run("eval", "calibrate", path, "--activate")
	require.NoError(t, err)
	require.Contains(t, stderr, "version 1 decides from now on")
	_, _, err = c.run("eval", "calibrate", path, "--features", "score", "--save")
	require.True(t, errs.Is(err, errs.Invalid))
}

func riskPart(out string) string { return out[strings.Index(out, "risk and coverage"):] }
