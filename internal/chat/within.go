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
) (list []Message, err error) {
	rows, err := tx.Query(ctx, `
		SELECT `+messageColumns+` FROM messages m
		WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.seq > $3
		ORDER BY m.seq LIMIT $4`, ws, conversation, after, atMost(limit, MaxRead, MaxRead))
	if err == nil {
		list, err = pgx.CollectRows(rows, scanMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return list, nil
}

// ContactWithin is [Log.Contact] in a transaction of the caller's.
func (l *Log) ContactWithin(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) (c Contact, err error) {
	err = tx.QueryRow(ctx, `
		SELECT id, name, email, lang FROM contacts WHERE workspace_id = $1 AND id = $2`, ws, id).
		Scan(&c.ID, &c.Name, &c.Email, &c.Lang)
	if errors.Is(err, pgx.ErrNoRows) {
		return Contact{}, errs.New(errs.NotFound, "there is no such contact")
	}
	if err != nil {
		return Contact{}, fmt.Errorf("read contact: %w", err)
	}
	return c, nil
}
