// Command handrail is the whole product in one binary: the server, the demo, and the tools around them.
//
//	handrail demo                 a sample shop to try, on http://localhost:8080
//	handrail serve                the server
//	handrail ingest SOURCE...     load documents
//	handrail sources ...          list what was loaded from where, and run it again
//	handrail ask "..."            ask the bot from the terminal
//	handrail eval ...             score intents, retrieval and whole turns
//
// `handrail --help` lists the rest. Configuration is one optional YAML file; every key is also an environment variable
// (see config.go).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"handrail/ingest"
	"handrail/internal/errs"
)

// version is set by the linker.
var version = "dev"

// commands is the command line, as kong reads it.
type commands struct {
	Config string `help:"YAML file with settings (see handrail config)." type:"path" env:"HANDRAIL_CONFIG"`
	Data   string `name:"data-dir" help:"Folder for the private database and generated files." type:"path" env:"HANDRAIL_DATA"`

	Serve    serveCommand    `cmd:"" help:"Run the server."`
	Demo     demoCommand     `cmd:"" help:"Run the server with a sample shop, two agents and a knowledge manager."`
	Ingest   ingestCommand   `cmd:"" help:"Load documents into the knowledge base."`
	Sources  sourcesCommand  `cmd:"" help:"List, add, run and remove the sources of documents."`
	Ask      askCommand      `cmd:"" help:"Ask the bot one question."`
	Embed    embedCommand    `cmd:"" help:"Give vectors to passages that the configured embedder has not seen."`
	Eval     evalCommand     `cmd:"" help:"Score intents, retrieval and whole turns."`
	Intents  intentsCommand  `cmd:"" help:"Check, train, compare and activate the intent models."`
	Train    trainCommand    `cmd:"" help:"Same as intents train."`
	User     userCommand     `cmd:"" help:"Add staff."`
	Key      keyCommand      `cmd:"" help:"Make API keys."`
	Widget   widgetCommand   `cmd:"" help:"Make a widget and print its snippet."`
	Identity identityCommand `cmd:"" help:"Secrets by which a site signs who its visitors are."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database up to date and stop."`
	Show     configCommand   `cmd:"" name:"config" help:"Print the effective configuration, secrets masked."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Routing  routingCommand  `cmd:"" help:"Check, try, store and activate routing rules."`
	Sim      simCommand      `cmd:"" help:"Simulate the desk: compare policies, plan staff."`
	Keys     keysCommand     `cmd:"" help:"List and rotate the keys under which conversations are sealed."`
	Contact  contactCommand  `cmd:"" help:"Export and erase what is stored of a visitor."`
}

// silent is an exit status whose reason has been printed already.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// streams is where commands read and print; tests replace them.
type streams struct {
	out, err io.Writer
}

func main() {
	if status, child := ingest.Loader(os.Args); child {
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	var code silent
	switch {
	case err == nil:
	case errors.As(err, &code):
		os.Exit(int(code))
	case errors.Is(err, context.Canceled):
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "handrail:", explain(err))
		os.Exit(1)
	}
}

// run parses the arguments and runs the command they name.
func run(ctx context.Context, args []string, io streams) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("handrail"), kong.UsageOnError(), kong.Writers(io.out, io.err),
		kong.Description("AI-first customer service with human handoff."),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(io), kong.Bind(&c))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "%v (see handrail --help)", err)
	}
	return parsed.Run()
}

// explain is what the person at the terminal reads: the public text first, then the cause, because here they are the
// operator too.
func explain(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		if e.Err != nil {
			return e.Message + "\n  cause: " + e.Err.Error()
		}
		return e.Message
	}
	return err.Error()
}
