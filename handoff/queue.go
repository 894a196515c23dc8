package handoff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
			SELECT h.conversation_id, h.waiting_since, h.reason, h.summary, h.team, h.lang, h.priority, p.name,
			       coalesce(left(last.body, 140), '')
			FROM handoffs h
			JOIN conversations c ON c.workspace_id = h.workspace_id AND c.id = h.conversation_id
			JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id
			LEFT JOIN LATERAL (
				SELECT m.body FROM messages m
				WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id
				      AND m.sender_kind = 'visitor' AND m.kind = 'text'
				ORDER BY m.seq DESC LIMIT 1) last ON true
			WHERE h.workspace_id = $1 AND h.waiting_since IS NOT NULL
			ORDER BY h.front DESC, h.rank, h.id`, ws)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Waiting])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return list, nil
}
