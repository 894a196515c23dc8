package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/seal"
)

// CreateContact stores a new contact and returns it with its id. tokenHash is the SHA-256 of the token by which the
// visitor's browser is known again; nil means that there is none.
func (l *Log) CreateContact(ctx context.Context, ws uuid.UUID, c Contact, tokenHash []byte) (Contact, error) {
	if c.ID == uuid.Nil {
		c.ID = uuid.New()
	}
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return l.insertContact(ctx, tx, ws, c, tokenHash)
	})
	if err != nil {
		return Contact{}, fmt.Errorf("create contact: %w", err)
	}
	return c, nil
}

// insertContact stores a contact and makes its key.
func (l *Log) insertContact(ctx context.Context, tx pgx.Tx, ws uuid.UUID, c Contact, tokenHash []byte) error {
	k, err := l.db.Vault().Create(ctx, tx, seal.Owner{Workspace: ws, ID: c.ID})
	if err != nil {
		return err
	}
	sealed, err := k.Seal(contactPlace(ws, c.ID), c.personal()...)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO contacts (workspace_id, id, lang, timezone, verified, sealed, token_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, ws, c.ID, c.Lang, c.Timezone, c.Verified, sealed, tokenHash)
	return err
}

// UpdateContact stores everything that c says about the contact c.ID. An unknown contact is an error of kind
// [errs.NotFound], one whose data was erased of kind [errs.Conflict].
func (l *Log) UpdateContact(ctx context.Context, ws uuid.UUID, c Contact) error {
	return l.db.InTx(ctx, ws, func(tx pgx.Tx) error { return l.updateContact(ctx, tx, ws, c) })
}

func (l *Log) updateContact(ctx context.Context, tx pgx.Tx, ws uuid.UUID, c Contact) error {
	// The lock comes before the key is looked at, so that nothing is sealed with one that is being destroyed.
	var erased bool
	err := tx.QueryRow(ctx, `
		SELECT erased_at IS NOT NULL FROM contacts WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, ws, c.ID).Scan(&erased)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.New(errs.NotFound, "there is no such contact")
	case err != nil:
		return fmt.Errorf("update contact: %w", err)
	case erased:
		return seal.Gone()
	}
	sealed, err := l.db.Vault().Seal(ctx, tx, contactPlace(ws, c.ID), c.personal()...)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE contacts SET lang = $3, timezone = $4, verified = $5, sealed = $6
		WHERE workspace_id = $1 AND id = $2`, ws, c.ID, c.Lang, c.Timezone, c.Verified, sealed)
	if err != nil {
		return fmt.Errorf("update contact: %w", err)
	}
	return nil
}

// personal is what is sealed of a contact.
func (c *Contact) personal() [][]byte {
	return [][]byte{[]byte(c.Name), []byte(c.Email), []byte(c.Phone), c.Attributes}
}

// contactColumns are the columns of contacts c that fields reads.
const contactColumns = `c.id, c.lang, c.timezone, c.verified, c.erased_at IS NOT NULL, c.sealed`

// fields are the targets for contactColumns.
func (c *Contact) fields(sealed *[]byte) []any {
	return []any{&c.ID, &c.Lang, &c.Timezone, &c.Verified, &c.Erased, sealed}
}

// reveal fills in what was sealed.
func (c *Contact) reveal(ctx context.Context, tx pgx.Tx, v *seal.Vault, ws uuid.UUID, sealed []byte) error {
	if c.Erased {
		return nil
	}
	r := &seal.Row{Place: contactPlace(ws, c.ID), Sealed: sealed}
	if err := v.Open(ctx, tx, r); err != nil {
		return err
	}
	c.unpack(r)
	return nil
}

// unpack takes over what was opened.
func (c *Contact) unpack(r *seal.Row) {
	c.Erased, c.Name, c.Email, c.Phone, c.Attributes = r.Erased, r.Text(0), r.Text(1), r.Text(2), r.Bytes(3)
}

// Contact returns a contact, or an error of kind [errs.NotFound].
func (l *Log) Contact(ctx context.Context, ws, id uuid.UUID) (c Contact, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		c, err = l.ContactWithin(ctx, tx, ws, id)
		return err
	})
	return c, err
}
