package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/curation"
	"handrail/evals"
	"handrail/internal/errs"
)

func TestPublishedDraftsAreASuite(t *testing.T) {
	c := newCLI(t)
	c.must("ingest", helpCentre(t))
	_, _, err := c.run("eval", "run", "reviewed")
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.ErrorContains(t, err, "publish a draft")

	settings, err := (&commands{Data: c.data}).load()
	require.NoError(t, err)
	st, err := open(t.Context(), settings, io.Discard)
	require.NoError(t, err)
	defer st.close()
	d, err := st.curator.Create(t.Context(), st.workspace, "test", curation.Edit{Question: "Do you engrave initials on leather wallets?",
		Answer: "We engrave up to three initials: \"A.B.\"\n\nIt takes two days: order before noon."}, "")
	require.NoError(t, err)
	_, err = st.curator.Publish(t.Context(), st.workspace, "test", d.ID)
	require.NoError(t, err)

	baseline := filepath.Join(c.data, "baseline.json")
	require.Contains(t, c.must("eval", "run", "reviewed", "--json"), `"pass":1`)
	c.must("eval", "run", "reviewed", "--save-baseline", "--baseline", baseline)
	c.must("eval", "run", "reviewed", "--gate", "--baseline", baseline)
	c.must("eval", "run", "cases", "--gate")

	file := filepath.Join(c.data, "reviewed.yaml")
	require.Contains(t, c.must("eval", "cases", "--out", file), "1 cases written")
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	suite, err := evals.LoadSuite(file, f)
	require.NoError(t, err)
	require.Equal(t, []string{"drafts/" + d.ID.String()}, suite.Cases[0].Sources)
	require.Contains(t, c.must("eval", "run", file, "--json"), `"pass":1`)
	require.Contains(t, c.must("eval", "cases"), "Do you engrave initials")

	require.NoError(t, st.base.Remove(t.Context(), st.workspace, suiteDocument(t, st)))
	_, stderr, err := c.run("eval", "run", "reviewed", "--gate", "--baseline", baseline)
	require.ErrorIs(t, err, silent(1), "the document is gone")
	require.Contains(t, stderr, "draft-"+d.ID.String())
	_, stderr, err = c.run("eval", "run", "cases", "--gate")
	require.ErrorIs(t, err, silent(1), "worse than the run before")
	require.Contains(t, stderr, "draft-"+d.ID.String())

	runs, err := st.evals.Runs(t.Context(), st.workspace, 10)
	require.NoError(t, err)
	require.Len(t, runs, 6, "every run is on record")
	require.NotEmpty(t, runs[0].Regressions)
	require.Equal(t, []any{evals.SuiteCases, evals.RunDone, 1, 0}, []any{runs[0].Suite, runs[0].State, runs[0].Cases, runs[0].Passed})
}

func suiteDocument(t *testing.T, st *stack) (id [16]byte) {
	t.Helper()
	docs, err := st.base.Documents(t.Context(), st.workspace, curation.DefaultCollection)
	require.NoError(t, err)
	require.Len(t, docs, 1)
	return docs[0].ID
}
