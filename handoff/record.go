package handoff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/seal"
)

// Record is one handoff of a conversation and what became of it.
type Record struct {
	chat.Handoff
	ID         int64
	QueuedAt   time.Time
	AssignedAt *time.Time // to the latest agent; nil = nobody yet
	EndedAt    *time.Time // closed or returned; nil = still open
	AgentID    int64      // the latest agent, 0 = nobody yet
	AgentName  string
}

// Handoffs lists the handoffs of a conversation, the oldest first, with the evidence for each.
func (d *Desk) Handoffs(ctx context.Context, ws, conversation uuid.UUID) (list []Record, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT h.reason, h.team, h.intent, h.lang, h.confidence, h.priority, h.turn_seq, h.id, h.queued_at,
			       a.started_at, h.ended_at, coalesce(a.agent_id, 0), coalesce(u.name, ''), h.sealed, c.contact_id
			FROM handoffs h
			JOIN conversations c ON c.workspace_id = h.workspace_id AND c.id = h.conversation_id
			LEFT JOIN LATERAL (
				SELECT * FROM assignments a WHERE a.workspace_id = h.workspace_id AND a.handoff_id = h.id
				ORDER BY a.id DESC LIMIT 1) a ON true
			LEFT JOIN users u ON u.workspace_id = a.workspace_id AND u.id = a.agent_id
			WHERE h.workspace_id = $1 AND h.conversation_id = $2
			ORDER BY h.id`, ws, conversation)
		if err != nil {
			return err
		}
		var sealed []*seal.Row
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
			e := &seal.Row{}
			var contact uuid.UUID
			err = row.Scan(&r.Reason, &r.Group, &r.Intent, &r.Lang, &r.Confidence, &r.Priority, &r.TurnSeq, &r.ID,
				&r.QueuedAt, &r.AssignedAt, &r.EndedAt, &r.AgentID, &r.AgentName, &e.Sealed, &contact)
			e.Place = evidencePlace(ws, contact, conversation, r.TurnSeq)
			sealed = append(sealed, e)
			return r, err
		})
		if err != nil {
			return err
		}
		if err := d.db.Vault().Open(ctx, tx, sealed...); err != nil {
			return err
		}
		for i := range list {
			setEvidence(&list[i].Handoff, sealed[i])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the handoffs: %w", err)
	}
	return list, nil
}
