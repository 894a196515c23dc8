// Package audit records who did what to what, in the transaction of the deed itself.
//
// It writes one table, audit_log, which the application role may only append to and read: what is recorded stays.
package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Record is one deed. Data must not hold message texts, passwords or keys.
type Record struct {
	Actor  string // "user:12", "key:<uuid>", "cli" or "system"
	Action string // "user.add", "handoff.close", ...
	Target string // what it was done to, as "kind:id"
	Data   map[string]any
}

// Write appends r inside tx, so that the deed and its record commit together.
func Write(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, r Record) error {
	data, err := json.Marshal(r.Data)
	if err != nil {
		return fmt.Errorf("encode audit data: %w", err)
	}
	if r.Data == nil {
		data = []byte("{}")
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO audit_log (workspace_id, actor, action, target, data) VALUES ($1, $2, $3, $4, $5)`,
		workspace, r.Actor, r.Action, r.Target, data)
	if err != nil {
		return fmt.Errorf("write audit record: %w", err)
	}
	return nil
}
