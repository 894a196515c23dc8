package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// StartConversation stores a new, empty conversation with the bot in charge. A contact that does not exist gives an
// error of kind errs.NotFound, one whose data was erased of kind errs.Conflict.
func (l *Log) StartConversation(ctx context.Context, ws uuid.UUID, n NewConversation) (Conversation, error) {
	var list []Conversation
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
		list, err = l.start(ctx, tx, ws, n)
		return err
	})
	return only(list, err)
}

// EnsureConversation returns the conversation that the contact started last, or starts one. Of several callers at once,
// on whatever nodes, one starts it and all have the same: they queue for the contact's row. An unknown contact gives an
// error of kind [errs.NotFound].
func (l *Log) EnsureConversation(ctx context.Context, ws uuid.UUID, n NewConversation) (Conversation, error) {
	var list []Conversation
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			SELECT FROM contacts WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, ws, n.Contact)
		if err != nil {
			return err
		}
		list, err = l.list(ctx, tx, ws, `
			SELECT `+listColumns+` FROM conversations c `+joinContact+noPreview+`
			WHERE c.workspace_id = $1 AND c.contact_id = $2 ORDER BY c.created_at DESC LIMIT 1`, ws, n.Contact)
		if err != nil || len(list) > 0 {
			return err
		}
		list, err = l.start(ctx, tx, ws, n)
		return err
	})
	return only(list, err)
}

// start inserts a conversation and returns it, in a list for [only]: none if there is no such contact.
func (l *Log) start(ctx context.Context, tx pgx.Tx, ws uuid.UUID, n NewConversation) ([]Conversation, error) {
	// The lock keeps an erasure from passing between this look and the insertion.
	var erased bool
	err := tx.QueryRow(ctx, `
		SELECT erased_at IS NOT NULL FROM contacts WHERE workspace_id = $1 AND id = $2 FOR KEY SHARE`, ws, n.Contact).
		Scan(&erased)
	if err != nil {
		return nil, err
	}
	if erased {
		return nil, seal.Gone()
	}
	c := Conversation{Workspace: ws, ID: uuid.New(), Contact: n.Contact}
	sealed, err := l.db.Vault().Seal(ctx, tx, pagePlace(&c), []byte(n.PageURL))
	if err != nil {
		return nil, err
	}
	return l.list(ctx, tx, ws, `
		WITH c AS (
			INSERT INTO conversations (workspace_id, id, contact_id, channel, lang, sealed)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING *)
		SELECT `+listColumns+` FROM c `+joinContact+noPreview, ws, c.ID, n.Contact, cmp.Or(n.Channel, "web"), n.Lang, sealed)
}

// Conversation returns a conversation, or an error of kind errs.NotFound.
func (l *Log) Conversation(ctx context.Context, ws, id uuid.UUID) (Conversation, error) {
	return only(l.conversations(ctx, ws, `
		SELECT `+listColumns+` FROM conversations c `+joinContact+noPreview+`
		WHERE c.workspace_id = $1 AND c.id = $2`, ws, id))
}

// LatestConversation returns the conversation that the contact started last, whatever its state, or an error of kind
// errs.NotFound.
func (l *Log) LatestConversation(ctx context.Context, ws, contact uuid.UUID) (Conversation, error) {
	return only(l.conversations(ctx, ws, `
		SELECT `+listColumns+` FROM conversations c `+joinContact+noPreview+`
		WHERE c.workspace_id = $1 AND c.contact_id = $2
		ORDER BY c.created_at DESC LIMIT 1`, ws, contact))
}

// Conversations lists conversations, the latest started first, with the start of the visitor's last text.
func (l *Log) Conversations(ctx context.Context, ws uuid.UUID, f Filter) ([]Conversation, error) {
	states := make([]string, len(f.States))
	for i, s := range f.States {
		states[i] = string(s)
	}
	var list []Conversation
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
		var found []uuid.UUID // NULL where no words are looked for
		if f.Words != "" {
			if found, err = l.search(ctx, tx, ws, f.Words, states, f.AgentID); err != nil {
				return err
			}
		}
		list, err = l.list(ctx, tx, ws, `
			SELECT `+listColumns+` FROM conversations c `+joinContact+withPreview+`
			WHERE c.workspace_id = $1 AND (cardinality($2::text[]) = 0 OR c.state = ANY($2))
			      AND ($3::bigint = 0 OR c.agent_id = $3) AND ($5::uuid[] IS NULL OR c.id = ANY($5))
			ORDER BY c.created_at DESC, c.id LIMIT $4`, ws, states, f.AgentID, atMost(f.Limit, 50, 500), found)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return list, nil
}

// only is the one conversation of a list.
func only(list []Conversation, err error) (Conversation, error) {
	if errors.Is(err, pgx.ErrNoRows) || err == nil && len(list) == 0 {
		return Conversation{}, notFound()
	}
	if err != nil {
		return Conversation{}, fmt.Errorf("read conversation: %w", err)
	}
	return list[0], nil
}
