package chat

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// maxTokens is in how many browsers besides the first a contact stays known. The oldest is forgotten.
const maxTokens = 20

// Identify returns the one contact of a person whom the site has signed for under the name sub, stores what c says
// about them, and marks it verified. Whoever is new gets the contact c.ID if that exists and is nobody else's, so that
// what they wrote before signing in stays theirs, or else a new one.
func (l *Log) Identify(ctx context.Context, ws uuid.UUID, sub string, c Contact) (Contact, error) {
	c.Verified = true
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
		if c.ID, err = l.bind(ctx, tx, ws, subHash(ws, sub), c.ID); err != nil {
			return err
		}
		return l.updateContact(ctx, tx, ws, c)
	})
	if err != nil {
		return Contact{}, fmt.Errorf("identify a contact: %w", err)
	}
	return c, nil
}

// subHash is the key under which a subject is found again, without the subject.
func subHash(ws uuid.UUID, sub string) []byte {
	sum := sha256.Sum256(append(ws[:], sub...))
	return sum[:]
}

// bind finds the subject's contact, or binds the candidate or a new contact to it.
func (l *Log) bind(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sub []byte, candidate uuid.UUID) (uuid.UUID, error) {
	// Two browsers of a new person may arrive at once: the second waits here until the first has bound them.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 22))`, sub); err != nil {
		return uuid.Nil, err
	}
	var id uuid.UUID
	err := tx.QueryRow(ctx, `
		SELECT contact_id FROM contact_identities WHERE workspace_id = $1 AND sub_hash = $2`, ws, sub).Scan(&id)
	if !errors.Is(err, pgx.ErrNoRows) {
		return id, err
	}
	bound, err := bindTo(ctx, tx, ws, sub, candidate)
	if err != nil || bound {
		return candidate, err
	}
	id = uuid.New()
	if err := l.insertContact(ctx, tx, ws, Contact{ID: id}, nil); err != nil {
		return uuid.Nil, err
	}
	_, err = bindTo(ctx, tx, ws, sub, id)
	return id, err
}

// bindTo binds a contact that exists and is bound to nobody.
func bindTo(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sub []byte, contact uuid.UUID) (bool, error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO contact_identities (workspace_id, sub_hash, contact_id)
		SELECT workspace_id, $2, id FROM contacts WHERE workspace_id = $1 AND id = $3
		ON CONFLICT (workspace_id, contact_id) DO NOTHING`, ws, sub, contact)
	return err == nil && tag.RowsAffected() == 1, err
}

// AddContactToken makes a contact known by the token of one more browser; the least recent of many is forgotten.
func (l *Log) AddContactToken(ctx context.Context, ws, contact uuid.UUID, tokenHash []byte) error {
	return l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH old AS (
				DELETE FROM contact_tokens WHERE workspace_id = $1 AND token_hash IN (
					SELECT token_hash FROM contact_tokens WHERE workspace_id = $1 AND contact_id = $2
					ORDER BY created_at DESC OFFSET $4))
			INSERT INTO contact_tokens (workspace_id, contact_id, token_hash) VALUES ($1, $2, $3)`,
			ws, contact, tokenHash, maxTokens-1)
		if err != nil {
			return fmt.Errorf("add a contact's token: %w", err)
		}
		return nil
	})
}
