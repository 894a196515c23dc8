package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// StartConversation stores a new, empty conversation with the bot in charge. A contact that does not exist gives an
// error of kind errs.NotFound.
func (l *Log) StartConversation(ctx context.Context, ws uuid.UUID, n NewConversation) (Conversation, error) {
	if n.Channel == "" {
		n.Channel = "web"
	}
	return l.conversation(ctx, ws, `
		WITH c AS (
			INSERT INTO conversations (workspace_id, id, contact_id, channel, lang, page_url)
			SELECT workspace_id, $2, id, $4, $5, $6 FROM contacts WHERE workspace_id = $1 AND id = $3
			RETURNING *)
		SELECT `+columns+`, p.name FROM c
		JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id`,
		ws, uuid.New(), n.Contact, n.Channel, n.Lang, n.PageURL)
}

// Conversation returns a conversation, or an error of kind errs.NotFound.
func (l *Log) Conversation(ctx context.Context, ws, id uuid.UUID) (Conversation, error) {
	return l.conversation(ctx, ws, `
		SELECT `+columns+`, p.name FROM conversations c
		JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id
		WHERE c.workspace_id = $1 AND c.id = $2`, ws, id)
}

// LatestConversation returns the conversation that the contact started last, whatever its state, or an error of kind
// errs.NotFound.
func (l *Log) LatestConversation(ctx context.Context, ws, contact uuid.UUID) (Conversation, error) {
	return l.conversation(ctx, ws, `
		SELECT `+columns+`, p.name FROM conversations c
		JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id
		WHERE c.workspace_id = $1 AND c.contact_id = $2
		ORDER BY c.created_at DESC LIMIT 1`, ws, contact)
}

// conversation runs a query for columns and the contact's name.
func (l *Log) conversation(ctx context.Context, ws uuid.UUID, sql string, args ...any) (c Conversation, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, sql, args...).Scan(append(c.fields(), &c.ContactName)...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Conversation{}, notFound()
	}
	if err != nil {
		return Conversation{}, fmt.Errorf("read conversation: %w", err)
	}
	return c, nil
}

// Conversations lists conversations, the latest started first, with the start of the visitor's last text.
func (l *Log) Conversations(ctx context.Context, ws uuid.UUID, f Filter) (list []Conversation, err error) {
	states := make([]string, len(f.States))
	for i, s := range f.States {
		states[i] = string(s)
	}
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+columns+`, p.name, coalesce(left(last.body, 140), '')
			FROM conversations c
			JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id
			LEFT JOIN LATERAL (
				SELECT m.body FROM messages m
				WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id
				      AND m.sender_kind = 'visitor' AND m.kind = 'text'
				ORDER BY m.seq DESC LIMIT 1) last ON true
			WHERE c.workspace_id = $1 AND (cardinality($2::text[]) = 0 OR c.state = ANY($2))
			      AND ($3::bigint = 0 OR c.agent_id = $3)
			ORDER BY c.created_at DESC, c.id LIMIT $4`, ws, states, f.AgentID, atMost(f.Limit, 50, 500))
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Conversation, err error) {
			err = row.Scan(append(c.fields(), &c.ContactName, &c.Preview)...)
			return c, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return list, nil
}
