// Command handrail-bench measures parts of Handrail beside what people would otherwise build, in one run on one machine,
// and prints ratios: absolute times do not travel.
//
//	handrail-bench knowledge    search, beside PostgreSQL full text and a bare HNSW query on the same database
//	handrail-bench ingest       Markdown on disk to searchable, beside the COPY limit of the same database
//
// It needs DATABASE_URL, whose role must be a superuser of a throw-away database, or the binaries of PostgreSQL with
// pgvector in HANDRAIL_PG_BIN, from which it starts a private cluster. Texts are generated; --corpus takes real ones.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Database string `env:"DATABASE_URL" help:"A throw-away database; empty starts a private cluster."`
	PGBin    string `env:"HANDRAIL_PG_BIN" help:"Folder of PostgreSQL's binaries for the private cluster."`
	Corpus   string `type:"existingfile" help:"corpus.jsonl with title and text to use instead of generated texts."`

	Knowledge knowledgeCommand `cmd:"" help:"Search speed beside full text and bare HNSW."`
	Ingest    ingestCommand    `cmd:"" help:"Ingest speed beside COPY."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "handrail-bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("handrail-bench"), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&c))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return parsed.Run()
}
