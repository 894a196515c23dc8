package handoff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// Waiting is a conversation in the queue.
type Waiting struct {
	Conversation uuid.UUID
	Since        time.Time // start of the current wait
	Reason       string
	Summary      string
	Group        string
	Lang         string
	Priority     int
	Name         string // of the contact
	Preview      string // start of the visitor's latest text
}

// Queue lists the waiting conversations in the order in which they are served.
func (d *Desk) Queue(ctx context.Context, ws uuid.UUID) (list []Waiting, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT h.conversation_id, h.waiting_since, h.reason, h.team, h.lang, h.priority, h.turn_seq, h.sealed
			FROM handoffs h
			WHERE h.workspace_id = $1 AND h.waiting_since IS NOT NULL
			ORDER BY h.front DESC, h.rank, h.id`, ws)
		if err != nil {
			return err
		}
		var sealed []*seal.Row
		var turns []int64
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (w Waiting, err error) {
			e, turn := &seal.Row{}, int64(0)
			err = row.Scan(&w.Conversation, &w.Since, &w.Reason, &w.Group, &w.Lang, &w.Priority, &turn, &e.Sealed)
			sealed, turns = append(sealed, e), append(turns, turn)
			return w, err
		})
		if err != nil {
			return err
		}
		return d.reveal(ctx, tx, ws, list, turns, sealed)
	})
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return list, nil
}

// reveal fills in what is sealed of waiting conversations: the summary, and what the log knows of the visitor.
func (d *Desk) reveal(
	ctx context.Context, tx pgx.Tx, ws uuid.UUID, list []Waiting, turns []int64, sealed []*seal.Row,
) error {
	ids := make([]uuid.UUID, len(list))
	for i, w := range list {
		ids[i] = w.Conversation
	}
	glances, err := d.log.Glances(ctx, tx, ws, ids)
	if err != nil {
		return err
	}
	for i := range list {
		w, g := &list[i], glances[list[i].Conversation]
		w.Name, w.Preview = g.Name, g.Preview
		sealed[i].Place = evidencePlace(ws, g.Contact, w.Conversation, turns[i])
	}
	if err := d.db.Vault().Open(ctx, tx, sealed...); err != nil {
		return err
	}
	for i := range list {
		list[i].Summary = sealed[i].Text(0)
	}
	return nil
}
