package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

type contactCommand struct {
	Erase  contactEraseCommand  `cmd:"" help:"Destroy the key of a visitor: nothing they said can be read again."`
	Export contactExportCommand `cmd:"" help:"Print all that is stored of a visitor, as JSON."`
}

type contactEraseCommand struct {
	ID uuid.UUID `arg:"" help:"The contact's id."`
}

// Run erases one contact of the server's workspace.
func (cmd *contactEraseCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		if err := st.log.EraseContact(ctx, st.workspace, cmd.ID, "cli", st.evals.Forget, st.curator.Forget); err != nil {
			return err
		}
		_, err := fmt.Fprintf(io.out, "erased contact %s\n", cmd.ID)
		return err
	})
}

type contactExportCommand struct {
	ID uuid.UUID `arg:"" help:"The contact's id."`
}

// Run prints the export of one contact.
func (cmd *contactExportCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		x, err := st.log.ExportContact(ctx, st.workspace, cmd.ID, "cli")
		if err != nil {
			return err
		}
		e := json.NewEncoder(io.out)
		e.SetIndent("", "  ")
		return e.Encode(x)
	})
}
