package curation

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
func replaceCases(ctx context.Context, tx pgx.Tx, ws uuid.UUID, d Draft) error {
	_, err := tx.Exec(ctx, `DELETE FROM reviewed_cases WHERE workspace_id = $1 AND draft_id = $2`, ws, d.ID)
	if err != nil {
		return err
	}
	wordings := map[string]string{"reviewed": d.Question}
	if d.Asked != "" && keyOf(d.Asked) != keyOf(d.Question) {
		wordings["asked"] = d.Asked
	}
	for wording, q := range wordings {
		_, err := tx.Exec(ctx, `
			INSERT INTO reviewed_cases (workspace_id, draft_id, wording, question, lang, source, conversation_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, ws, d.ID, wording, q, d.Lang, d.URI(), d.Conversation)
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
			       c.question, c.lang, c.source, c.wording = 'asked', c.conversation_id
			FROM reviewed_cases c JOIN drafts d ON d.workspace_id = c.workspace_id AND d.id = c.draft_id
			WHERE c.workspace_id = $1 ORDER BY d.created_at, d.id, c.wording DESC`, ws)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Case])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the reviewed cases: %w", err)
	}
	return list, nil
}
