package ingest

import (
	"context"
	"io/fs"

	"github.com/google/uuid"
)

// Run ingests folders, files and http(s) URLs.
func (p *Pipeline) Run(ctx context.Context, ws uuid.UUID, sources []string, o Options) (Report, error) {
	return Report{}, nil
}

// RunFS ingests the folder root of fsys.
func (p *Pipeline) RunFS(ctx context.Context, ws uuid.UUID, fsys fs.FS, root string, o Options) (Report, error) {
	return Report{}, nil
}
