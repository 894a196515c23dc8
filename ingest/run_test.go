package ingest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

func TestMain(m *testing.M) {
	if status, child := Loader(os.Args); child {
		os.Exit(status)
	}
	goleak.VerifyTestMain(m)
}

// desk is a pipeline over a database of its own, and a folder of documents.
type desk struct {
	t      *testing.T
	base   *knowledge.Base
	ws     uuid.UUID
	folder string
	*Pipeline
}

func newDesk(t *testing.T, c Config) *desk {
	t.Helper()
	db := pgtest.Open(t)
	base := knowledge.New(db, nil)
	c.Isolate = true
	return &desk{t, base, pgtest.Workspace(t, db), t.TempDir(), New(base, c)}
}

func (d *desk) write(name, content string) {
	d.t.Helper()
	path := filepath.Join(d.folder, name)
	require.NoError(d.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(d.t, os.WriteFile(path, []byte(content), 0o644))
}

func (d *desk) ingest(o Options) Report {
	d.t.Helper()
	o.Collection = "help"
	r, err := d.Run(d.t.Context(), d.ws, []string{d.folder}, o)
	require.NoError(d.t, err)
	r.Elapsed = 0
	return r
}

// stored returns the text of every document by URI.
func (d *desk) stored() map[string]string {
	d.t.Helper()
	docs, err := d.base.Documents(d.t.Context(), d.ws, "")
	require.NoError(d.t, err)
	out := map[string]string{}
	for _, doc := range docs {
		_, ps, err := d.base.Document(d.t.Context(), d.ws, doc.ID)
		require.NoError(d.t, err)
		var parts []string
		for _, p := range ps {
			parts = append(parts, p.Text)
		}
		out[doc.URI] = strings.Join(parts, "|")
	}
	return out
}

func TestRunIsIncremental(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	d.write("fees.md", "# Fees\n\nFive euros.")
	d.write("returns/how.md", "# Returns\n\nWithin a week.")
	d.write("faq.csv", "question,answer\nIs it free?,Yes.\n")

	require.Equal(t, Report{Added: []string{"faq.csv", "fees.md", "returns/how.md"}, Passages: 3}, d.ingest(Options{}))
	require.Equal(t, Report{Unchanged: []string{"faq.csv", "fees.md", "returns/how.md"}}, d.ingest(Options{Prune: true}))

	d.write("fees.md", "# Fees\n\nSix euros.")
	require.NoError(t, os.Remove(filepath.Join(d.folder, "faq.csv")))
	dry := d.ingest(Options{Prune: true, DryRun: true})
	require.Equal(t, Report{Changed: []string{"fees.md"}, Unchanged: []string{"returns/how.md"},
		Removed: []string{"faq.csv"}, Passages: 1}, dry)
	require.Equal(t, "Five euros.", d.stored()["fees.md"])

	kept := dry
	kept.Removed = nil
	require.Equal(t, kept, d.ingest(Options{}))
	require.Equal(t, map[string]string{"faq.csv": "Yes.", "fees.md": "Six euros.", "returns/how.md": "Within a week."}, d.stored())

	// What was written by hand, such as a published draft, came from no source and is not missing from one.
	require.NoError(t, d.base.Replace(t.Context(), d.ws, knowledge.Document{URI: "drafts/1"}, []knowledge.Passage{{Text: "By hand."}}))
	r := d.ingest(Options{Prune: true})
	require.Equal(t, []string{"faq.csv"}, r.Removed)
	require.Len(t, d.stored(), 3)
}

func TestRunKeepsTheOldVersionOfWhatFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	d.write("fees.md", "Five euros.")
	d.write("faq.csv", "question,answer\nIs it free?,Yes.\n")
	d.ingest(Options{})
	d.write("faq.csv", "question,answer\nIs it free?\n")
	r := d.ingest(Options{Prune: true})
	require.Equal(t, []string{"fees.md"}, r.Unchanged)
	require.Empty(t, r.Removed)
	require.Len(t, r.Failed, 1)
	require.Contains(t, r.Failed[0].Reason, "line 2")
	require.Equal(t, "Yes.", d.stored()["faq.csv"])
}

func TestRunReportsEveryFileThatMayBeADocument(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{MaxBytes: 100})
	outside := filepath.Join(t.TempDir(), "secret.md")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o644))
	d.write("fees.md", "Five euros.")
	for _, name := range []string{".hidden.md", ".git/config.md", "node_modules/a/README.md", "style.css", "a.png", "app.js"} {
		d.write(name, "passed over")
	}
	d.write("empty.md", " \n")
	d.write("manual.odp", "PK")
	d.write("broken.txt", "退货退货退货退货\n退货\xe6\x94")
	d.write("large.txt", strings.Repeat("x", 101))
	d.write("binary.txt", "a\x00\x01\x02b")
	d.write("stub.md", "---\nredirect: /fees\n---\n")
	require.NoError(t, os.Symlink(outside, filepath.Join(d.folder, "link.md")))
	require.NoError(t, os.Symlink("nowhere.md", filepath.Join(d.folder, "dangling.md")))
	require.NoError(t, os.Symlink("fees.md", filepath.Join(d.folder, "same.md")))

	r := d.ingest(Options{})
	require.Equal(t, []string{"fees.md", "same.md"}, r.Added)
	require.Equal(t, []string{"stub.md"}, r.Skipped)
	want := map[string]string{
		"binary.txt": "binary data", "broken.txt": "line 2 is not valid UTF-8", "dangling.md": "does not exist",
		"empty.md": "it is empty", "large.txt": "larger than 100 bytes", "link.md": "leads outside",
		"manual.odp": "export them as PDF",
	}
	require.Len(t, r.Failed, len(want))
	for _, f := range r.Failed {
		require.Contains(t, f.Reason, want[f.Item], f.Item)
	}
}

// lockedFS is a file system of which some paths may not be opened. The superuser, as whom tests may run, can open any
// file on disk.
type lockedFS struct {
	fstest.MapFS
	locked []string
}

func (f lockedFS) Open(name string) (fs.File, error) {
	if slices.Contains(f.locked, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

// ReadDir hides the quicker one of MapFS, which asks nobody for permission.
func (f lockedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := f.Open(name); err != nil {
		return nil, err
	}
	return f.MapFS.ReadDir(name)
}

func TestRunSaysWhatMayNotBeRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	files := fstest.MapFS{
		"fees.md":       {Data: []byte("Five euros.")},
		"closed.md":     {Data: []byte("Closed.")},
		"folder/how.md": {Data: []byte("Within a week.")},
	}
	_, err := d.RunFS(t.Context(), d.ws, files, ".", Options{})
	require.NoError(t, err)
	r, err := d.RunFS(t.Context(), d.ws, lockedFS{files, []string{"closed.md", "folder"}}, ".", Options{Prune: true})
	require.NoError(t, err)
	require.Len(t, r.Failed, 2)
	require.Equal(t, []string{"closed.md", "folder"}, []string{r.Failed[0].Item, r.Failed[1].Item})
	require.Contains(t, r.Failed[0].Reason, "permission")
	require.Contains(t, r.Failed[1].Reason, "permission")
	require.Len(t, d.stored(), 3, "what may not be read is not taken for gone")
}

func TestRunRefusesSourcesWithoutDocuments(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	d.write("good/fees.md", "Five euros.")
	d.write("images/a.png", "x")
	d.write("bad/empty.md", "")
	good := filepath.Join(d.folder, "good")
	for _, name := range []string{"absent", "images", "bad"} {
		path := filepath.Join(d.folder, name)
		_, err := d.Run(t.Context(), d.ws, []string{path}, Options{Prune: true})
		require.True(t, errs.Is(err, errs.Invalid), "%s: %v", name, err)
		require.Contains(t, errs.Public(err), path)
	}
	_, err := d.Run(t.Context(), d.ws, []string{good, filepath.Join(d.folder, "absent")}, Options{})
	require.True(t, errs.Is(err, errs.Invalid))
	require.Empty(t, d.stored(), "nothing is written when a source does not exist")
	r, err := d.Run(t.Context(), d.ws, []string{good, filepath.Join(good, "fees.md")}, Options{})
	require.True(t, errs.Is(err, errs.Invalid))
	require.Contains(t, r.Failed[0].Reason, "both hold it")
}

func TestRunsAtOnceBothFinish(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	for i := range 150 {
		d.write(fmt.Sprintf("doc%03d.md", i), fmt.Sprintf("# Document %d\n\nText number %d.", i, i))
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			_, err := d.Run(t.Context(), d.ws, []string{d.folder}, Options{Prune: true})
			require.NoError(t, err)
		})
	}
	both.Wait()
	require.Len(t, d.stored(), 150)
}

func TestRunCalledOffLeavesWholeDocuments(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	for i := range 3 * batchDocuments {
		d.write(fmt.Sprintf("doc%03d.md", i), "# A\n\nText.\n\n## Is it whole?\n\nYes.")
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := d.Run(ctx, d.ws, []string{d.folder}, Options{Collection: "help", Progress: func(p Progress) {
		if p.Done == 2*batchDocuments+20 { // One batch is stored, and the next one may be on its way.
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, []int{batchDocuments, 2 * batchDocuments}, len(r.Added))
	stored := d.stored()
	require.Len(t, stored, len(r.Added))
	for uri, text := range stored {
		require.Equal(t, "Text.|Yes.", text, uri)
	}
}

func TestRunFS(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	files := fstest.MapFS{
		"help/en/fees.md":    {Data: []byte("---\nurl: https://a.example/fees\ntags: [money]\n---\n# Fees\n\nDelivery costs five euros everywhere.")},
		"help/zh/fees.md":    {Data: []byte("# 运费\n\n运费为五欧元。")},
		"elsewhere/other.md": {Data: []byte("Other.")},
	}
	var last Progress
	r, err := d.RunFS(t.Context(), d.ws, files, "help", Options{Progress: func(p Progress) { last = p }})
	require.NoError(t, err)
	require.Equal(t, []string{"en/fees.md", "zh/fees.md"}, r.Added)
	require.Equal(t, 2, last.Done)
	require.Equal(t, 2, last.Passages)
	docs, err := d.base.Documents(t.Context(), d.ws, "")
	require.NoError(t, err)
	require.Equal(t, "https://a.example/fees", docs[0].URL)
	require.Equal(t, []string{"money"}, docs[0].Tags)
	require.Equal(t, []string{"en", "zh"}, []string{docs[0].Lang, docs[1].Lang})
	_, err = d.RunFS(t.Context(), d.ws, files, "absent", Options{})
	require.True(t, errs.Is(err, errs.Invalid))
}

func TestRunPage(t *testing.T) {
	t.Parallel()
	s := site(t)
	d := newDesk(t, Config{AllowNetworks: loopback()})
	r, err := d.Run(t.Context(), d.ws, []string{s.URL + "/page", s.URL + "/missing"}, Options{})
	require.True(t, errs.Is(err, errs.Invalid))
	require.Contains(t, errs.Public(err), "404")
	require.Equal(t, []string{s.URL + "/page"}, r.Added)
	r, err = d.Run(t.Context(), d.ws, []string{s.URL + "/page"}, Options{})
	require.NoError(t, err)
	require.Equal(t, []string{s.URL + "/page"}, r.Unchanged)
}
