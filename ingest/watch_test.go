package ingest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// watched is a folder that is being watched.
type watched struct {
	*queue
	folder  string
	reports chan Report
	stop    func()
}

func newWatched(t *testing.T, o Options) *watched {
	t.Helper()
	w := &watched{queue: newQueue(t, Config{}), folder: t.TempDir(), reports: make(chan Report, 100)}
	w.write("fees.md", "Five euros.")
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	o.Collection = "help"
	go func() {
		over <- w.Watch(ctx, w.ws, Spec{Kind: KindFolder, Location: w.folder}, o, func(r Report, err error) {
			if err != nil && len(r.Failed) == 0 {
				t.Error(err)
			}
			w.reports <- r
		}, func(err error) { t.Error(err) })
	}()
	w.stop = func() {
		cancel()
		require.NoError(t, <-over)
		over <- nil
	}
	t.Cleanup(w.stop)
	require.Equal(t, []string{"fees.md"}, w.next().Added)
	return w
}

func (w *watched) write(name, text string) {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(filepath.Dir(filepath.Join(w.folder, name)), 0o755))
	require.NoError(w.t, os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o600))
}

func (w *watched) next() Report {
	w.t.Helper()
	select {
	case r := <-w.reports:
		return r
	case <-time.After(20 * time.Second): // before the next rescan
		require.Fail(w.t, "no change was seen")
		return Report{}
	}
}

func TestWatchSeesEveryKindOfChange(t *testing.T) {
	t.Parallel()
	w := newWatched(t, Options{Prune: true})
	start := time.Now()
	w.write("fees.md", "Six euros.")
	require.Equal(t, []string{"fees.md"}, w.next().Changed)
	require.Less(t, time.Since(start), 5*time.Second)

	w.write(".fees.md.tmp", "Seven euros.") // as editors save
	require.NoError(t, os.Rename(filepath.Join(w.folder, ".fees.md.tmp"), filepath.Join(w.folder, "fees.md")))
	require.Equal(t, []string{"fees.md"}, w.next().Changed)

	w.write("new/deep/how.md", "Within a week.")
	require.Equal(t, []string{"new/deep/how.md"}, w.next().Added)
	w.write("new/deep/how.md", "Within two weeks.")
	require.Equal(t, []string{"new/deep/how.md"}, w.next().Changed, "a new folder is watched too")

	require.NoError(t, os.RemoveAll(filepath.Join(w.folder, "new")))
	require.Equal(t, []string{"new/deep/how.md"}, w.next().Removed)

	w.write("broken.csv", "question,answer\nonly one column\n")
	require.Equal(t, "broken.csv", w.next().Failed[0].Item)
	w.write("fees.md", "Eight euros.")
	r := w.next()
	require.Equal(t, []string{"fees.md"}, r.Changed)
	require.Empty(t, r.Failed, "what was told is not told again")
	w.stop()

	runs, err := w.List(t.Context(), w.ws, uuid.Nil, 100)
	require.NoError(t, err)
	require.Len(t, runs, 8, "every change is a run on record")
	for _, run := range runs {
		require.Equal(t, RunDone, run.State)
	}
	require.Equal(t, []string{"fees.md"}, w.uris())
}

func TestWatchWithoutPruneKeepsWhatIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWatched(t, Options{})
	w.write("how.md", "Within a week.")
	w.next()
	require.NoError(t, os.Remove(filepath.Join(w.folder, "fees.md")))
	w.write("how.md", "Within two weeks.")
	r := w.next()
	require.Equal(t, []string{"how.md"}, r.Changed)
	require.Empty(t, r.Removed)
	require.Equal(t, []string{"fees.md", "how.md"}, w.uris())
}
