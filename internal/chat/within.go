package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// ReadWithin is [Log.Read] in a transaction of the caller's, such as that of a [Decision].
func (l *Log) ReadWithin(
	ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID, after int64, limit int,
) ([]Message, error) {
	return l.messagesWithin(ctx, tx, ws, `
		SELECT `+messageColumns+`, `+openColumns+`
		FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
		WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.seq > $3
		ORDER BY m.seq LIMIT $4`, ws, conversation, after, atMost(limit, MaxRead, MaxRead))
}

// ContactWithin is [Log.Contact] in a transaction of the caller's.
func (l *Log) ContactWithin(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) (c Contact, err error) {
	var sealed []byte
	err = tx.QueryRow(ctx, `
		SELECT `+contactColumns+` FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2`, ws, id).Scan(c.fields(&sealed)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Contact{}, errs.New(errs.NotFound, "there is no such contact")
	}
	if err == nil {
		err = c.reveal(ctx, tx, l.db.Vault(), ws, sealed)
	}
	if err != nil {
		return Contact{}, fmt.Errorf("read contact: %w", err)
	}
	return c, nil
}

// ConversationWithin is [Log.Conversation] in a transaction of the caller's.
func (l *Log) ConversationWithin(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) (Conversation, error) {
	return only(l.list(ctx, tx, ws, `
		SELECT `+listColumns+` FROM conversations c `+joinContact+noPreview+`
		WHERE c.workspace_id = $1 AND c.id = $2`, ws, id))
}
