package ingest

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// MaxUploads is how many files one upload may hold.
const MaxUploads = 50

// Upload is one file that somebody sent.
type Upload struct {
	Name    string // its last part becomes the URI of the document
	Size    int64  // bytes
	Content io.ReadSeeker
}

// Uploading is an upload on record whose files are still to be read.
type Uploading struct {
	*execution
	source *source
}

// BeginUpload records a run of uploaded files in the caller's transaction. Errors are of kind Invalid and name the file.
func (r *Runs) BeginUpload(ctx context.Context, tx pgx.Tx, ws uuid.UUID, files []Upload,
	collection string) (*Uploading, error) {
	if len(files) == 0 || len(files) > MaxUploads {
		return nil, errs.New(errs.Invalid, "one upload takes 1 to %d files and got %d: split it into several",
			MaxUploads, len(files))
	}
	sent, s := uploads{}, &source{name: "the upload"}
	var names []string
	for _, f := range files {
		name := uploadName(f.Name)
		if name == "" {
			return nil, errs.New(errs.Invalid, "a file has no name: send it with one that ends like .md or .html")
		}
		if _, twice := sent[name]; twice {
			return nil, errs.New(errs.Invalid, "the upload holds two files named %s: rename one", name)
		}
		sent[name] = f
		names = append(names, name)
		s.items = append(s.items, byHand(sent, name, name))
	}
	run, err := recordRun(ctx, tx, ws, names, collection, RunRunning, nil)
	return &Uploading{&execution{Runs: r, ws: ws, run: run, collection: collection}, s}, err
}

// ID is the id of the run.
func (u *Uploading) ID() int64 { return u.run }

// Store reads the files and stores their documents. Files that cannot be read stand in the report, and make no error.
func (u *Uploading) Store(ctx context.Context) (Report, error) {
	stop := u.tell(ctx)
	defer stop()
	o := Options{Collection: u.collection, Progress: u.seen.Set}
	report, err := u.pipeline.run(ctx, u.ws, []*source{u.source}, o)
	stop()
	err = u.end(ctx, report, err)
	if errs.Is(err, errs.Invalid) && len(report.Failed) > 0 {
		return report, nil
	}
	return report, err
}

// uploadName is the last part of a path, whichever system wrote it, without what could confuse a reader.
func uploadName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "?"), "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if name = strings.TrimSpace(name); name == "." || name == ".." || name == "/" || len(name) > 255 {
		return ""
	}
	return name
}

// uploads is a file system of the files that were sent, each of which is read once.
type uploads map[string]Upload

// Open implements [fs.FS].
func (u uploads) Open(name string) (fs.File, error) {
	f, ok := u[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if _, err := f.Content.Seek(0, io.SeekStart); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return uploadFile{f}, nil
}

// uploadFile is an open file of an upload and its own description.
type uploadFile struct{ Upload }

func (f uploadFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f uploadFile) Read(b []byte) (int, error) { return f.Content.Read(b) }
func (f uploadFile) Close() error               { return nil }

func (f uploadFile) Name() string       { return uploadName(f.Upload.Name) }
func (f uploadFile) Size() int64        { return f.Upload.Size }
func (f uploadFile) Mode() fs.FileMode  { return 0o400 }
func (f uploadFile) ModTime() time.Time { return time.Time{} }
func (f uploadFile) IsDir() bool        { return false }
func (f uploadFile) Sys() any           { return nil }
