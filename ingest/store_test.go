package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/knowledge"
)

func TestStoreGetsEverythingAtOnceAndMayRefuse(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	d.write("fees.md", "Five euros.")
	d.write("returns.md", "Within a week.")
	d.ingest(Options{})
	d.write("fees.md", "Six euros.")
	d.write("gifts.md", "Three years.")
	require.NoError(t, os.Remove(filepath.Join(d.folder, "returns.md")))

	refused := errors.New("worse than before")
	var seen knowledge.Change
	o := Options{Collection: "help", Prune: true, Store: func(_ context.Context, ws uuid.UUID, c knowledge.Change) error {
		require.Equal(t, d.ws, ws)
		seen = c
		return refused
	}}
	r, err := d.Run(t.Context(), d.ws, []string{d.folder}, o)
	require.ErrorIs(t, err, refused)
	require.Zero(t, len(r.Added)+len(r.Changed)+len(r.Removed)+r.Passages, "the report tells what was stored")
	require.Len(t, seen.Replace, 2)
	require.Len(t, seen.Remove, 1)
	require.Equal(t, map[string]string{"fees.md": "Five euros.", "returns.md": "Within a week."}, d.stored())

	o.Store = func(ctx context.Context, ws uuid.UUID, c knowledge.Change) error {
		return d.base.Apply(ctx, ws, c, knowledge.AnyVersion)
	}
	r, err = d.Run(t.Context(), d.ws, []string{d.folder}, o)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"gifts.md"}, {"fees.md"}, {"returns.md"}}, [][]string{r.Added, r.Changed, r.Removed})
	require.Equal(t, map[string]string{"fees.md": "Six euros.", "gifts.md": "Three years."}, d.stored())

	_, err = d.Run(t.Context(), d.ws, []string{t.TempDir()}, o)
	require.True(t, errs.Is(err, errs.Invalid), "an empty source is still refused")
	require.Len(t, d.stored(), 2)
}
