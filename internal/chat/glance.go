package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Glance is what a list shows of a conversation.
type Glance struct {
	Contact uuid.UUID
	Name    string // of the contact
	Preview string // start of the visitor's latest text
}

// Glances returns what lists show of the conversations that exist, in the caller's transaction.
func (l *Log) Glances(ctx context.Context, tx pgx.Tx, ws uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]Glance, error) {
	glances := make(map[uuid.UUID]Glance, len(ids))
	rows, err := tx.Query(ctx, `
		SELECT c.id, c.contact_id, p.name, coalesce(left(last.body, 140), '')
		FROM conversations c
		JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id
		LEFT JOIN LATERAL (
			SELECT m.body FROM messages m
			WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id
			      AND m.sender_kind = 'visitor' AND m.kind = 'text'
			ORDER BY m.seq DESC LIMIT 1) last ON true
		WHERE c.workspace_id = $1 AND c.id = ANY ($2)`, ws, ids)
	if err != nil {
		return nil, fmt.Errorf("read conversations at a glance: %w", err)
	}
	var id uuid.UUID
	var g Glance
	_, err = pgx.ForEachRow(rows, []any{&id, &g.Contact, &g.Name, &g.Preview}, func() error {
		glances[id] = g
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read conversations at a glance: %w", err)
	}
	return glances, nil
}
