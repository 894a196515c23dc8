// Command handrail-load drives `handrail serve` as visitors and agents do, and measures it beside what the same machine
// can do at most, in the same run: a bare WebSocket server that stores each message with one INSERT, the same with
// batches, single and batched inserts on the same PostgreSQL, a raw echo, and raw idle connections. Absolute figures do
// not travel between machines or days; the ratios do.
//
//	handrail-load            every part; --only=paced,saturated,... selects
//	handrail-load --json F   also writes the figures to a file
//
// Every message is counted only when it has been acknowledged and shown to the other side. After each load the ledger of
// what was sent, acknowledged and shown is compared with the database; a difference fails the run.
//
// The database is a private cluster made from the binaries in HANDRAIL_PG_BIN, or a throw-away one in DATABASE_URL whose
// server runs on this machine, where its CPU time can be read.
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
	Chat      chatCommand      `cmd:"" default:"withargs" help:"Measure a server beside the references."`
	Reference referenceCommand `cmd:"" hidden:"" help:"Serve as the bare server that others are compared with."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "handrail-load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("handrail-load"), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return parsed.Run()
}
