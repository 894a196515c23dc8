package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
	"handrail/internal/seal"
)

// Forgetter removes what another package made of conversations whose visitor is being erased, in that transaction.
type Forgetter = func(ctx context.Context, tx pgx.Tx, ws uuid.UUID, conversations []uuid.UUID) error

// EraseContact destroys the key of a contact in one transaction, with a record in the audit log: every entry, name,
// address and piece of evidence of theirs becomes unreadable, and the index of their words goes. The forgetters remove what
// is not sealed for them alone. Entries keep their numbers and times and read as [KindErased]. Erasing again does nothing.
//
// Errors are of kind [errs.NotFound] for an unknown contact and of kind [errs.Conflict] while a conversation waits for a
// person or is with one.
func (l *Log) EraseContact(ctx context.Context, ws, contact uuid.UUID, actor string, forget ...Forgetter) error {
	var closed []Conversation
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		erased, err := lockContact(ctx, tx, ws, contact)
		if err != nil || erased {
			return err
		}
		if closed, err = closeAll(ctx, tx, ws, contact); err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(closed))
		for i, c := range closed {
			ids[i] = c.ID
		}
		for _, fn := range forget {
			if err := fn(ctx, tx, ws, ids); err != nil {
				return err
			}
		}
		return l.erase(ctx, tx, ws, contact, ids, actor)
	})
	if err != nil {
		return fmt.Errorf("erase contact %s: %w", contact, err)
	}
	for _, c := range closed {
		l.announce(changed{Conversation: c, desk: true})
	}
	return nil
}

func lockContact(ctx context.Context, tx pgx.Tx, ws, contact uuid.UUID) (erased bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT erased_at IS NOT NULL FROM contacts WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, ws, contact).Scan(&erased)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, errs.New(errs.NotFound, "there is no such contact")
	}
	return erased, err
}

// closeAll locks the contact's conversations, refuses if a person is concerned with one, and closes them for good.
func closeAll(ctx context.Context, tx pgx.Tx, ws, contact uuid.UUID) ([]Conversation, error) {
	_, err := tx.Exec(ctx, `
		SELECT FROM conversations WHERE workspace_id = $1 AND contact_id = $2 ORDER BY id FOR UPDATE`, ws, contact)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
		UPDATE conversations c SET erased_at = now(), state = 'closed', closed_at = coalesce(closed_at, now()), turn_due = 0,
			epoch = epoch + 1
		WHERE workspace_id = $1 AND contact_id = $2 AND state IN ('bot', 'closed') RETURNING `+columns, ws, contact)
	if err != nil {
		return nil, err
	}
	closed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Conversation, err error) {
		return c, row.Scan(c.fields()...)
	})
	if err != nil {
		return nil, err
	}
	var open uuid.UUID
	err = tx.QueryRow(ctx, `
		SELECT id FROM conversations WHERE workspace_id = $1 AND contact_id = $2 AND erased_at IS NULL LIMIT 1`, ws, contact).
		Scan(&open)
	if errors.Is(err, pgx.ErrNoRows) {
		return closed, nil
	}
	if err == nil {
		err = errs.New(errs.Conflict, "conversation %s waits for a person or is with one: close it first", open)
	}
	return nil, err
}

// erase destroys the key and what is not sealed under it.
func (l *Log) erase(ctx context.Context, tx pgx.Tx, ws, contact uuid.UUID, conversations []uuid.UUID, actor string) error {
	for _, id := range conversations {
		if err := lockIndex(ctx, tx, id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		WITH words AS (DELETE FROM search_chunks WHERE workspace_id = $1 AND conversation_id = ANY ($3)),
		     turns AS (DELETE FROM due_turns WHERE workspace_id = $1 AND conversation_id = ANY ($3))
		UPDATE contacts SET erased_at = now(), sealed = '', token_hash = NULL, timezone = '', verified = false
		WHERE workspace_id = $1 AND id = $2`, ws, contact, conversations)
	if err != nil {
		return err
	}
	if _, err := l.db.Vault().Destroy(ctx, tx, seal.Owner{Workspace: ws, ID: contact}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "contact.erase", Target: "contact:" + contact.String(),
		Data: map[string]any{"conversations": len(conversations)}})
}
