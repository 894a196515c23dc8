package curation

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// Case is a question that the bot must go on answering from a reviewed document.
type Case struct {
	ID           string // unique within the workspace and stable over edits
	Question     string
	Lang         string     // ISO 639-1
	Source       string     // URI of the document that must be cited
	Asked        bool       // in a visitor's own words; else the draft's question
	Conversation *uuid.UUID // where it was asked, nil for none
}

// replaceCases makes the suite ask a published draft's question and, where they differ, the visitor's own words.
func (c *Curator) replaceCases(ctx context.Context, tx pgx.Tx, ws uuid.UUID, d Draft) error {
	_, err := tx.Exec(ctx, `DELETE FROM reviewed_cases WHERE workspace_id = $1 AND draft_id = $2`, ws, d.ID)
	if err != nil {
		return err
	}
	wordings := map[string]string{"reviewed": d.Question}
	if d.Asked != "" && keyOf(d.Asked) != keyOf(d.Question) {
		wordings["asked"] = d.Asked
	}
	for wording, q := range wordings {
		sealed, err := c.c.DB.Vault().Seal(ctx, tx, casePlace(ws, d.ID, wording), []byte(q))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO reviewed_cases (workspace_id, draft_id, wording, sealed, lang, source, conversation_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, ws, d.ID, wording, sealed, d.Lang, d.URI(), d.Conversation)
		if err != nil {
			return err
		}
	}
	return nil
}

// Cases lists the reviewed suite of a workspace, the oldest draft first.
func (c *Curator) Cases(ctx context.Context, ws uuid.UUID) (list []Case, err error) {
	err = c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT 'draft-' || c.draft_id || CASE WHEN c.wording = 'asked' THEN '-asked' ELSE '' END,
			       c.lang, c.source, c.wording = 'asked', c.conversation_id, c.draft_id, c.wording, c.sealed
			FROM reviewed_cases c JOIN drafts d ON d.workspace_id = c.workspace_id AND d.id = c.draft_id
			WHERE c.workspace_id = $1 ORDER BY d.created_at, d.id, c.wording DESC`, ws)
		if err != nil {
			return err
		}
		var sealed []*seal.Row
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Case, err error) {
			r := &seal.Row{}
			var draft uuid.UUID
			var wording string
			err = row.Scan(&k.ID, &k.Lang, &k.Source, &k.Asked, &k.Conversation, &draft, &wording, &r.Sealed)
			r.Place = casePlace(ws, draft, wording)
			sealed = append(sealed, r)
			return k, err
		})
		if err != nil {
			return err
		}
		if err := c.c.DB.Vault().Open(ctx, tx, sealed...); err != nil {
			return err
		}
		for i := range list {
			list[i].Question = sealed[i].Text(0)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the reviewed cases: %w", err)
	}
	return list, nil
}
