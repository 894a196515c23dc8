package seal

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// plainBatch is how many rows of an older version one transaction seals.
const plainBatch = 500

// plainTable says how the rows of a table are found and named; the names are those of the packages that read them.
type plainTable struct {
	from  string // FROM clause with the table as t
	owner string // the contact, NULL for none
	row   string
}

// ofConversation are the rows of a table that belong to the contact of a conversation, if to any.
const ofConversation = ` t LEFT JOIN conversations c ON c.workspace_id = t.workspace_id AND c.id = t.conversation_id`

func plainTables() map[string]plainTable {
	return map[string]plainTable{
		"contacts":       {"contacts t", "t.id", "t.id::text"},
		"conversations":  {"conversations t", "t.contact_id", "t.id::text"},
		"messages":       {"messages" + ofConversation, "c.contact_id", "t.conversation_id || '/' || t.seq"},
		"turns":          {"turns" + ofConversation, "c.contact_id", "t.conversation_id || '/' || t.seq"},
		"drafts":         {"drafts t", "t.contact_id", "t.id::text"},
		"reviewed_cases": {"reviewed_cases t", "NULL::uuid", "t.draft_id || '/' || t.wording"},
		"eval_cases":     {"eval_cases t", "t.contact_id", "t.id::text"},
		"eval_runs":      {"eval_runs t", "NULL::uuid", "t.id::text"},
		"handoffs":       {"handoffs" + ofConversation, "c.contact_id", "t.conversation_id || '/' || t.turn_seq"},
	}
}

// SealPlain seals some of the rows that were written before there was encryption and reports whether there may be more. It
// needs a transaction that sees all workspaces. The table of such rows is locked, so that of several nodes one works.
func (v *Vault) SealPlain(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	var name string
	err = tx.QueryRow(ctx, `SELECT name FROM plain_rows ORDER BY name LIMIT 1 FOR UPDATE`).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	table, ok := plainTables()[name]
	if !ok {
		return false, fmt.Errorf("table %q has plain rows, which this version cannot seal", name)
	}
	n, err := v.sealTable(ctx, tx, name, table)
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, `DELETE FROM plain_rows WHERE name = $1`, name)
	}
	return true, err
}

// plainRow is a row of version 0.
type plainRow struct {
	CTID      string
	Workspace uuid.UUID
	Owner     uuid.UUID
	Row       string
	Sealed    []byte
}

func (v *Vault) sealTable(ctx context.Context, tx pgx.Tx, name string, t plainTable) (int, error) {
	rows, err := tx.Query(ctx, `
		SELECT t.ctid::text, t.workspace_id, coalesce(`+t.owner+`, '00000000-0000-0000-0000-000000000000'), `+t.row+`, t.sealed
		FROM `+t.from+` WHERE get_byte(t.sealed, 0) = 0 LIMIT $1 FOR UPDATE OF t`, plainBatch)
	if err != nil {
		return 0, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[plainRow])
	if err != nil {
		return 0, err
	}
	for _, r := range list {
		k, err := v.Create(ctx, tx, Owner{r.Workspace, r.Owner})
		if err != nil {
			return 0, err
		}
		sealed, err := k.sealPacked(Place{r.Workspace, r.Owner, name + ".sealed", r.Row}, r.Sealed[1:])
		if err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, `UPDATE `+name+` SET sealed = $1 WHERE ctid = $2::tid`, sealed, r.CTID)
		if err != nil {
			return 0, err
		}
	}
	return len(list), nil
}
