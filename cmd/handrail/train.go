package main

import (
	"context"
	"fmt"
	"os"

	"handrail/intent"
	"handrail/internal/errs"
)

type trainCommand struct {
	Catalog string `arg:"" type:"existingfile" help:"YAML catalog of intents with examples."`
}

// Run trains the catalog and activates it on every node.
func (cmd *trainCommand) Run(ctx context.Context, c *commands, io streams) error {
	f, err := os.Open(cmd.Catalog)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "cannot read %s", cmd.Catalog)
	}
	defer f.Close()
	catalog, err := intent.LoadCatalog(f)
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.Catalog, err)
	}
	return withStack(ctx, c, io, func(st *stack) error {
		version, err := st.classifier.Train(ctx, st.workspace, catalog)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "version %d with %d intents is active\n", version, len(catalog.Intents))
		return err
	})
}
