package evals

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

const groundedRows = `{"source":"own","context":"Gift cards cannot be returned. Refunds arrive within 5 days.","sentences":[{"text":"Gift cards cannot be returned.","supported":true},{"text":"Everybody gets a free taxi home.","supported":false}]}
{"source":"own","context":"Gift cards cannot be returned. Refunds arrive within 5 days.","response":"Refunds arrive within 5 days.","label":"Fully attributable"}
{"source":"own","context":"Gift cards cannot be returned.","response":"I like the summer.","label":"Not fully attributable"}
{"source":"own","context":"Gift cards cannot be returned.","response":"Hello!","label":"Generic"}
`

func groundedness(t *testing.T, rows string) (GroundedReport, error) {
	t.Helper()
	read, err := ReadJSONL[GroundedRow]("rows", strings.NewReader(rows))
	require.NoError(t, err)
	return Groundedness(read, nil)
}

func TestGroundednessOfOneSource(t *testing.T) {
	t.Parallel()
	report, err := groundedness(t, groundedRows)
	require.NoError(t, err)
	require.Len(t, report.Sources, 1)
	got := report.Sources[0]
	require.Equal(t, []any{4, 2}, []any{got.N, got.Supported}, "what states nothing is left out")
	require.Equal(t, []any{1.0, 1.0, 1.0}, []any{*got.AUROC, *got.Unigrams, *got.Bigrams})
	require.Nil(t, got.LeftOut, "there is no other source to fit to")
}

func TestGroundednessLeavesEachSourceOut(t *testing.T) {
	t.Parallel()
	rows := groundedRows + strings.ReplaceAll(groundedRows, `"own"`, `"other"`)
	report, err := groundedness(t, rows)
	require.NoError(t, err)
	require.Len(t, report.Sources, 2)
	require.Equal(t, []any{"other", "own"}, []any{report.Sources[0].Source, report.Sources[1].Source})
	require.InDelta(t, 1, *report.Sources[0].LeftOut, 1e-9)
	again, err := groundedness(t, rows)
	require.NoError(t, err)
	require.Equal(t, report, again, "a run can be repeated")
}

func TestGroundednessWithoutVerdicts(t *testing.T) {
	t.Parallel()
	_, err := groundedness(t, `{"source":"own","context":"Gift cards."}`+"\n")
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
}
