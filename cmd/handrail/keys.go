package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/seal"
)

type keysCommand struct {
	List   keysListCommand   `cmd:"" help:"List the workspace's keys and the operator keys that wrap them."`
	Rotate keysRotateCommand `cmd:"" help:"Wrap everything anew under a new workspace key and the first operator key, while servers run."`
}

type keysListCommand struct{}

// Run prints no key, only which wraps what.
func (keysListCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		var list []seal.WorkspaceKey
		err := st.db.InTx(ctx, st.workspace, func(tx pgx.Tx) (err error) {
			list, err = st.db.Vault().List(ctx, tx, st.workspace)
			return err
		})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "WORKSPACE KEY\tOPERATOR KEY\tDATA KEYS\tMADE")
		for _, k := range list {
			fmt.Fprintf(w, "%d\t%s\t%d\t%s\n", k.ID, k.OperatorKey, k.DataKeys, k.CreatedAt.UTC().Format(time.DateTime))
		}
		return w.Flush()
	})
}

type keysRotateCommand struct{}

// Run rotates the keys of every workspace.
func (keysRotateCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		workspaces, err := st.workspaces(ctx)
		if err != nil {
			return err
		}
		total := 0
		for _, ws := range workspaces {
			n, err := st.db.Vault().Rotate(ctx, st.db.InTx, ws)
			if err != nil {
				return err
			}
			total += n
			err = st.db.InTx(ctx, ws, func(tx pgx.Tx) error {
				return audit.Write(ctx, tx, ws, audit.Record{Actor: "cli", Action: "keys.rotate", Target: "workspace:" + ws.String(),
					Data: map[string]any{"data_keys": n}})
			})
			if err != nil {
				return err
			}
		}
		if err := st.db.InSystemTx(ctx, func(tx pgx.Tx) error { return st.db.Vault().Register(ctx, tx) }); err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "wrapped %d data keys of %d workspaces anew; an older operator key can be taken away now\n",
			total, len(workspaces))
		return err
	})
}

func (st *stack) workspaces(ctx context.Context) (ids []uuid.UUID, err error) {
	err = st.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id FROM workspaces ORDER BY id`)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	return ids, err
}
