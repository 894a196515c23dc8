// Package ingest turns files, folders, pages and sites into knowledge: find, read, extract, split, index.
//
//	source ── open ──> item ── read, hash ──> unchanged? ── yes ──> nothing to do
//	(folder, file,     (file                     │ no
//	 page, sitemap,     or page)                 v
//	 crawl)              in a child: load ──> clean text in blocks ── split ──> passages ──> knowledge.Base
//
// A file is one document, or several: the members of an archive and the records of a file of JSON lines have URIs below
// that of their file. With [Config.Isolate] the files are read in child processes; see package sandbox. What this package
// stores goes through [knowledge.Base], so the identity of a document is (workspace, collection, URI), where the URI is
// the path below the source folder with forward slashes, or the URL.
//
// [Pipeline] does the work, [Runs] keeps a record of it, [Jobs] does it in the background and by interval. The tables are
// ingest_sources, ingest_runs, ingest_run_sources and ingest_documents, beside those of River; the table documents of
// package knowledge is read, never written.
//
// Guarantees:
//
//   - No file is dropped silently: whatever looks like a document is indexed, or stands in [Report.Failed] with a
//     reason that says what to do, or in [Report.Skipped]; so does a single row or member. Only hidden files, dependency
//     folders, what .gitignore excludes and files that hold no prose are passed over.
//   - A document that fails keeps its old version. A document that changes is replaced in one transaction, and so are all
//     documents of one file. A run that is cancelled or killed leaves whole documents only, each old or new.
//   - A file costs no more than the limits of [Config] in time and memory, and this process less than 50 MB whatever it
//     holds. What it holds is never executed, and no picture is decoded.
//   - A run over unchanged sources writes no document. The hash covers the bytes and the version of this package, so a
//     new loader or splitter indexes everything once.
//   - The text of a passage is what a visitor may read as a quotation: no front matter, no macros, no HTML. The
//     Markdown that stays is lists, `code`, links to absolute addresses, and bold for headings within a passage.
//   - Nothing outside of a source folder is read, and no address of the server's own network is fetched unless
//     [Config.AllowNetworks] names it.
//   - A sitemap or crawl takes nothing that its site withholds from robots, and never asks faster than the site wishes.
//   - A run commits with the transaction that enqueued it, and is taken up again when its node dies.
package ingest

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/knowledge"
)

// version is part of every hash. Raise it when a change of a loader or of the splitter must reach stored documents.
const version = "ingest/4"

// Config holds the limits of a [Pipeline]. The zero value is ready for use.
type Config struct {
	MaxBytes int64         // largest file or page, uncompressed; 0 means 20 MB
	Timeout  time.Duration // for one page, redirects included; 0 means 30 s
	Delay    time.Duration // between two pages of one host in sitemaps and crawls; 0 means 250 ms
	Lang     string        // ISO 639-1 code for texts too short to tell; "" means "en"

	// Isolate reads every item in a limited child process of this binary, whose main must begin with [Loader]. Without
	// it items are read in this process, which is for content that the operator has written, and for tests.
	Isolate   bool
	MaxMemory int64         // of a child, in bytes; 0 means 512 MB
	MaxCPU    time.Duration // processor time for one file, or one member of an archive; 0 means 20 s

	// PDFToText is the path of the program pdftotext, which reads more PDFs than this package does by itself; "" where
	// there is none. It is only used with Isolate, and runs under the same limits.
	PDFToText string

	// AllowNetworks lists the private or loopback networks from which pages may be fetched. Every public address is
	// allowed; every other address is refused when it is dialled, also after a redirect.
	AllowNetworks []netip.Prefix
}

// Pipeline ingests sources into one base. It is safe for concurrent use.
type Pipeline struct {
	base   *knowledge.Base
	config Config
	fetch  *fetcher
}

// New returns a pipeline that stores into base.
func New(base *knowledge.Base, c Config) *Pipeline {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 20 << 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Delay <= 0 {
		c.Delay = 250 * time.Millisecond
	}
	if c.Lang == "" {
		c.Lang = "en"
	}
	if c.MaxMemory <= 0 {
		c.MaxMemory = 512 << 20
	}
	if c.MaxCPU <= 0 {
		c.MaxCPU = 20 * time.Second
	}
	return &Pipeline{base: base, config: c, fetch: newFetcher(c)}
}

// Options says how one run behaves.
type Options struct {
	Collection string // where the documents go; "" is a collection like any other
	Prune      bool   // remove the documents of the collection that the sources no longer hold
	DryRun     bool   // report what would happen and write nothing

	// Progress is called after every item, and for every page that a crawl finds, one call at a time; nil means nobody
	// watches.
	Progress func(Progress)

	// Recorded is called in the transaction that records a run, which fails with its error; nil means nobody adds to it. A
	// dry run is not recorded.
	Recorded func(ctx context.Context, tx pgx.Tx, run int64) error

	// Store, if set, gets all that the run would change at once, when every source has been read, and stores it, or refuses
	// with an error, which becomes that of the run. All of it is held in memory. nil stores batch by batch.
	Store func(ctx context.Context, ws uuid.UUID, c knowledge.Change) error

	// removable says which documents Prune may remove; nil means all of the collection.
	removable func(uri string) bool
}

func (o Options) recorded(ctx context.Context, tx pgx.Tx, run int64) error {
	if o.Recorded == nil {
		return nil
	}
	return o.Recorded(ctx, tx, run)
}

func (o Options) mayRemove(uri string) bool { return o.removable == nil || o.removable(uri) }

// Progress tells how far a run has come.
type Progress struct {
	Done, Total int    // items, unchanged ones included
	Current     string // URI of the item just finished
	Passages    int    // passages made so far
}

// Report says what a run did. Its lists hold URIs in ascending order.
type Report struct {
	Added, Changed, Unchanged, Removed []string

	Skipped  []string  // files that hold settings only, such as a page that redirects to another
	Failed   []Failure // by item
	Passages int       // of the added and changed documents
	Elapsed  time.Duration
}

// Failure names an item that could not be ingested. The reason is written for the person who owns the file.
type Failure struct{ Item, Reason string }
