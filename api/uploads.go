package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/jackc/pgx/v5"

	"handrail/ingest"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

// The limits of uploads. A form is kept on disk while it is read, so a request costs no memory.
const (
	uploadBytes  = 20 << 20 // one file
	uploadsBytes = ingest.MaxUploads*uploadBytes + 1<<20
	uploadTime   = 10 * time.Minute
)

type uploadInput struct {
	Collection string `query:"collection" maxLength:"200" doc:"where the documents go; empty is a collection like any other"`
	RawBody    huma.MultipartFormFiles[struct {
		Files []huma.FormFile `form:"file" required:"true" doc:"up to 50 files of at most 20 MB each"`
	}]
}

type uploadOutput struct {
	Body struct {
		Added     []string        `json:"added"`
		Changed   []string        `json:"changed"`
		Unchanged []string        `json:"unchanged"`
		Failed    []ingestFailure `json:"failed"`
		Passages  int             `json:"passages" doc:"of the added and changed documents"`
	}
}

// upload stores the files as documents before it answers.
func (s *Server) upload(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	defer func() { _ = in.RawBody.Form.RemoveAll() }()
	p := who(ctx)
	files, err := uploaded(in.RawBody.Data().Files)
	if err != nil {
		return nil, err
	}
	var run *ingest.Uploading
	err = s.c.DB.InTx(ctx, p.Workspace, func(tx pgx.Tx) (err error) {
		if run, err = s.c.Jobs.BeginUpload(ctx, tx, p.Workspace, files, in.Collection); err != nil {
			return err
		}
		return audit.Write(ctx, tx, p.Workspace, audit.Record{Actor: p.Actor(), Action: "ingest.upload",
			Target: fmt.Sprintf("ingest:%d", run.ID()), Data: map[string]any{"files": len(files), "collection": in.Collection}})
	})
	if err != nil {
		return nil, err
	}
	report, err := run.Store(ctx)
	if err != nil {
		return nil, err
	}
	v, out := ingestReportOf(report), &uploadOutput{}
	out.Body.Added, out.Body.Changed, out.Body.Unchanged = v.Added, v.Changed, v.Unchanged
	out.Body.Failed, out.Body.Passages = v.Failed, v.Passages
	return out, nil
}

func uploaded(files []huma.FormFile) ([]ingest.Upload, error) {
	var out []ingest.Upload
	for _, f := range files {
		if f.Size > uploadBytes {
			return nil, errs.New(errs.TooLarge, "%s is larger than %d MB: split it", f.Filename, uploadBytes>>20)
		}
		out = append(out, ingest.Upload{Name: f.Filename, Size: f.Size, Content: f})
	}
	return out, nil
}

// large lets a request bring files. huma bounds the time of a form and leaves its size open.
func large(op *huma.Operation) {
	op.BodyReadTimeout = uploadTime
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, uploadsBytes)
		next(ctx)
	})
}
