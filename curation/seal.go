package curation

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// draftColumns are the columns of drafts that the function drafts reads.
const draftColumns = `id, state, lang, collection, count, conversation_id, document_id, created_at, updated_at,
	coalesce(contact_id, '00000000-0000-0000-0000-000000000000'), sealed`

func draftPlace(ws uuid.UUID, d Draft) seal.Place {
	return seal.Place{Workspace: ws, Owner: d.contact, Column: "drafts.sealed", Row: d.ID.String()}
}

func casePlace(ws, draft uuid.UUID, wording string) seal.Place {
	return seal.Place{Workspace: ws, Column: "reviewed_cases.sealed", Row: draft.String() + "/" + wording}
}

// seal encrypts the texts of a draft for its contact, or for the workspace where it has none.
func (c *Curator) seal(ctx context.Context, tx pgx.Tx, ws uuid.UUID, d Draft) ([]byte, error) {
	return c.c.DB.Vault().Seal(ctx, tx, draftPlace(ws, d), []byte(d.Question), []byte(d.Answer), []byte(d.Asked), []byte(d.Gap))
}

// drafts runs a query for draftColumns and opens what is sealed. Drafts of contacts who were erased are left out.
func (c *Curator) drafts(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string, args ...any) ([]Draft, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var sealed []*seal.Row
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Draft, err error) {
		r := &seal.Row{}
		err = row.Scan(&d.ID, &d.State, &d.Lang, &d.Collection, &d.Count, &d.Conversation, &d.Document, &d.CreatedAt,
			&d.UpdatedAt, &d.contact, &r.Sealed)
		r.Place = draftPlace(ws, d)
		sealed = append(sealed, r)
		return d, err
	})
	if err != nil {
		return nil, err
	}
	if err := c.c.DB.Vault().Open(ctx, tx, sealed...); err != nil {
		return nil, err
	}
	var list []Draft
	for i, d := range found {
		if r := sealed[i]; !r.Erased {
			d.Question, d.Answer, d.Asked, d.Gap = r.Text(0), r.Text(1), r.Text(2), r.Text(3)
			list = append(list, d)
		}
	}
	return list, nil
}

// draft runs a query for the draftColumns of one draft; [pgx.ErrNoRows] says that there is none.
func (c *Curator) draft(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string, args ...any) (Draft, error) {
	list, err := c.drafts(ctx, tx, ws, sql, args...)
	if err == nil && len(list) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		return Draft{}, err
	}
	return list[0], nil
}

// ownerOf is the contact of a conversation, for whom what was said there is sealed; the zero id where there is none.
func ownerOf(ctx context.Context, tx pgx.Tx, ws uuid.UUID, conversation *uuid.UUID) (contact uuid.UUID, err error) {
	if conversation == nil {
		return uuid.Nil, nil
	}
	err = tx.QueryRow(ctx, `
		SELECT contact_id FROM conversations WHERE workspace_id = $1 AND id = $2`, ws, conversation).Scan(&contact)
	return contact, err
}

// nullable is the column of an owner.
func nullable(owner uuid.UUID) *uuid.UUID {
	if owner == uuid.Nil {
		return nil
	}
	return &owner
}

// Forget removes what was made of conversations whose visitor is being erased: drafts that are not published, and the
// visitor's wording of those that are. A published question and answer are the workspace's own text.
func (c *Curator) Forget(ctx context.Context, tx pgx.Tx, ws uuid.UUID, conversations []uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		WITH wordings AS (
			DELETE FROM reviewed_cases WHERE workspace_id = $1 AND conversation_id = ANY ($2) AND wording = 'asked'),
		dismissals AS (DELETE FROM gap_dismissals WHERE workspace_id = $1 AND conversation_id = ANY ($2))
		DELETE FROM drafts
		WHERE workspace_id = $1 AND conversation_id = ANY ($2) AND state IN ('open', 'dismissed')`, ws, conversations)
	if err != nil {
		return err
	}
	published, err := c.drafts(ctx, tx, ws, `
		SELECT `+draftColumns+` FROM drafts WHERE workspace_id = $1 AND conversation_id = ANY ($2) FOR UPDATE`, ws, conversations)
	if err != nil {
		return err
	}
	for _, d := range published {
		d.Asked, d.Gap, d.contact = "", "", uuid.Nil
		sealed, err := c.seal(ctx, tx, ws, d)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE drafts SET sealed = $3, contact_id = NULL WHERE workspace_id = $1 AND id = $2`, ws, d.ID, sealed)
		if err != nil {
			return err
		}
	}
	return nil
}
