package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// contactColumns are the columns of contacts c that fields reads.
const contactColumns = `c.id, c.name, c.email, c.lang, c.phone, c.timezone, c.attributes, c.verified`

// fields are the targets for contactColumns.
func (c *Contact) fields() []any {
	return []any{&c.ID, &c.Name, &c.Email, &c.Lang, &c.Phone, &c.Timezone, (*[]byte)(&c.Attributes), &c.Verified}
}

// CreateContact stores a new contact and returns it with its id. tokenHash is the SHA-256 of the token by which the
// visitor's browser is known again; nil means that there is none.
func (l *Log) CreateContact(ctx context.Context, ws uuid.UUID, c Contact, tokenHash []byte) (Contact, error) {
	if c.ID == uuid.Nil {
		c.ID = uuid.New()
	}
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error { return insertContact(ctx, tx, ws, c, tokenHash) })
	if err != nil {
		return Contact{}, fmt.Errorf("create contact: %w", err)
	}
	return c, nil
}

func insertContact(ctx context.Context, tx pgx.Tx, ws uuid.UUID, c Contact, tokenHash []byte) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO contacts (workspace_id, id, name, email, lang, phone, timezone, attributes, verified, token_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		ws, c.ID, c.Name, c.Email, c.Lang, c.Phone, c.Timezone, []byte(c.Attributes), c.Verified, tokenHash)
	return err
}

// Contact returns a contact, or an error of kind [errs.NotFound].
func (l *Log) Contact(ctx context.Context, ws, id uuid.UUID) (c Contact, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT `+contactColumns+` FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2`, ws, id).Scan(c.fields()...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Contact{}, errs.New(errs.NotFound, "there is no such contact")
	}
	if err != nil {
		return Contact{}, fmt.Errorf("read contact: %w", err)
	}
	return c, nil
}

// ContactByToken finds whose browser holds a token, in whatever workspace. An unknown token gives an error of kind
// [errs.NotFound].
func (l *Log) ContactByToken(ctx context.Context, tokenHash []byte) (ws uuid.UUID, c Contact, err error) {
	// The visitor presents nothing but the token, so the workspace is not known before.
	err = l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT c.workspace_id, `+contactColumns+` FROM contacts c
			WHERE (c.workspace_id, c.id) IN (
				SELECT workspace_id, id FROM contacts WHERE token_hash = $1
				UNION ALL SELECT workspace_id, contact_id FROM contact_tokens WHERE token_hash = $1)`, tokenHash).
			Scan(append([]any{&ws}, c.fields()...)...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, Contact{}, errs.New(errs.NotFound, "this visitor is not known here: start a new session")
	}
	if err != nil {
		return uuid.Nil, Contact{}, fmt.Errorf("find contact: %w", err)
	}
	return ws, c, nil
}
