package curation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/knowledge"
)

// Publish makes a draft searchable and adds it to the reviewed suite. Publishing again stores the document again. A
// dismissed draft gives errs.Conflict. When the base cannot take the document now, the error says so, and the worker
// completes the publication later.
func (c *Curator) Publish(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID) (Draft, error) {
	err := c.locked(ctx, ws, id, func(tx pgx.Tx, d Draft) error {
		if d.State == Dismissed {
			return errs.New(errs.Conflict, "this draft was dismissed: edit it first to take it up again")
		}
		_, err := tx.Exec(ctx, `
			UPDATE drafts SET state = 'publishing', updated_at = now() WHERE workspace_id = $1 AND id = $2`, ws, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, ws, actor, "draft.publish", d)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("publish draft %s: %w", id, err)
	}
	if err := c.complete(ctx, ws, id); err != nil {
		return Draft{}, err
	}
	return c.read(ctx, ws, id)
}

// complete brings a draft in state publishing into the base. Its row is held meanwhile, so that of two wordings the
// newer one is stored last. Storing the same wording twice changes nothing, so it is safe to do again after a crash.
func (c *Curator) complete(ctx context.Context, ws, id uuid.UUID) error {
	err := c.locked(ctx, ws, id, func(tx pgx.Tx, d Draft) error {
		if d.State != Publishing {
			return nil
		}
		document, err := c.store(ctx, ws, d)
		if err != nil {
			return err
		}
		d.contact = uuid.Nil // from here on it is the workspace's own text
		sealed, err := c.seal(ctx, tx, ws, d)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE drafts SET state = 'published', document_id = $3, sealed = $4, contact_id = NULL
			WHERE workspace_id = $1 AND id = $2`, ws, id, document, sealed)
		if err != nil {
			return err
		}
		return c.replaceCases(ctx, tx, ws, d)
	})
	if err != nil {
		return fmt.Errorf("bring draft %s into the base: %w", id, err)
	}
	return nil
}

// store replaces the draft's document, and removes it from every other collection: an interrupted publication may have
// left one that the draft's row knows nothing of.
func (c *Curator) store(ctx context.Context, ws uuid.UUID, d Draft) (uuid.UUID, error) {
	document := knowledge.Document{ID: uuid.NewSHA1(d.ID, []byte(d.Collection)), Collection: d.Collection, URI: d.URI(),
		Title: d.Question, Lang: d.Lang, Tags: []string{"reviewed"}}
	passage := knowledge.Passage{Title: d.Question, Question: d.Question, Text: d.Answer, End: len(d.Answer),
		Lang: d.Lang}
	if err := c.c.Base.Replace(ctx, ws, document, []knowledge.Passage{passage}); err != nil {
		return uuid.Nil, err
	}
	return document.ID, c.withdraw(ctx, ws, d, document.ID)
}

// withdraw removes what the base holds of a draft, except for one document; the zero id excepts none.
func (c *Curator) withdraw(ctx context.Context, ws uuid.UUID, d Draft, except uuid.UUID) error {
	docs, err := c.c.Base.DocumentsOf(ctx, ws, d.URI())
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, doc := range docs {
		if doc.ID != except {
			ids = append(ids, doc.ID)
		}
	}
	return c.c.Base.Remove(ctx, ws, ids...)
}

// Dismiss puts a draft aside. One that is published leaves the base and the reviewed suite.
func (c *Curator) Dismiss(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID) (Draft, error) {
	err := c.locked(ctx, ws, id, func(tx pgx.Tx, d Draft) error {
		// Before the state changes: after a crash in between the draft is still there to be dismissed again.
		if err := c.withdraw(ctx, ws, d, uuid.Nil); err != nil {
			return err
		}
		if d.State == Dismissed {
			return nil
		}
		_, err := tx.Exec(ctx, `
			WITH gone AS (DELETE FROM reviewed_cases WHERE workspace_id = $1 AND draft_id = $2)
			UPDATE drafts SET state = 'dismissed', document_id = NULL, updated_at = now()
			WHERE workspace_id = $1 AND id = $2`, ws, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, ws, actor, "draft.dismiss", d)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("dismiss draft %s: %w", id, err)
	}
	return c.read(ctx, ws, id)
}

// stale is how old an unfinished publication is when others take it for abandoned.
const stale = 2 * time.Second

// resume completes publications that a node began and did not finish. A failure in one does not keep it from others.
func (c *Curator) resume(ctx context.Context) error {
	type unfinished struct{ Workspace, ID uuid.UUID }
	var list []unfinished
	err := c.c.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT workspace_id, id FROM drafts WHERE state = 'publishing' AND updated_at < now() - $1::interval
			ORDER BY updated_at LIMIT $2`, stale, batch)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[unfinished])
		return err
	})
	failures := []error{err}
	for _, u := range list {
		failures = append(failures, c.complete(ctx, u.Workspace, u.ID))
	}
	return errors.Join(failures...)
}
