package evals

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// caseColumns are the columns of eval_cases that storedCases reads.
const caseColumns = `id, lang, decision, sources, tags, conversation_id, seq, author, created_at, contact_id, sealed`

func casePlace(ws uuid.UUID, c StoredCase) seal.Place {
	p := seal.Place{Workspace: ws, Column: "eval_cases.sealed", Row: c.ID.String()}
	if c.contact != nil {
		p.Owner = *c.contact
	}
	return p
}

func reportPlace(ws, run uuid.UUID) seal.Place {
	return seal.Place{Workspace: ws, Column: "eval_runs.sealed", Row: run.String()}
}

// sealCase encrypts what a visitor said of a case, for its contact.
func (s *Store) sealCase(ctx context.Context, tx pgx.Tx, ws uuid.UUID, c StoredCase) ([]byte, error) {
	history, err := json.Marshal(c.History)
	if err != nil {
		return nil, err
	}
	facts, err := json.Marshal(c.Facts)
	if err != nil {
		return nil, err
	}
	return s.c.DB.Vault().Seal(ctx, tx, casePlace(ws, c), []byte(c.Question), history, facts)
}

// storedCases runs a query for caseColumns and opens what is sealed. Cases of contacts who were erased are left out.
func (s *Store) storedCases(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string, args ...any) ([]StoredCase, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var sealed []*seal.Row
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c StoredCase, err error) {
		r := &seal.Row{}
		err = row.Scan(&c.ID, &c.Lang, &c.Decision, &c.Sources, &c.Tags, &c.Conversation, &c.Seq, &c.Author, &c.CreatedAt,
			&c.contact, &r.Sealed)
		r.Place = casePlace(ws, c)
		sealed = append(sealed, r)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	if err := s.c.DB.Vault().Open(ctx, tx, sealed...); err != nil {
		return nil, err
	}
	list := []StoredCase{}
	for i, c := range found {
		if sealed[i].Erased {
			continue
		}
		if err := c.reveal(sealed[i]); err != nil {
			return nil, fmt.Errorf("decode case %s: %w", c.ID, err)
		}
		list = append(list, c)
	}
	return list, nil
}

func (c *StoredCase) reveal(r *seal.Row) error {
	c.Question = r.Text(0)
	if err := json.Unmarshal(r.Bytes(1), &c.History); err != nil {
		return err
	}
	return json.Unmarshal(r.Bytes(2), &c.Facts)
}

// Forget removes the cases that were made of conversations whose visitor is being erased, and the reports of the runs that
// asked them: a report repeats the question and the reply.
func (s *Store) Forget(ctx context.Context, tx pgx.Tx, ws uuid.UUID, conversations []uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		DELETE FROM eval_runs r USING (
			SELECT min(created_at) AS since FROM (
				SELECT created_at FROM eval_cases WHERE workspace_id = $1 AND conversation_id = ANY ($2)
				UNION ALL
				SELECT created_at FROM reviewed_cases
				WHERE workspace_id = $1 AND conversation_id = ANY ($2) AND wording = 'asked') c) first
		WHERE r.workspace_id = $1 AND (r.finished_at >= first.since OR r.state = 'running' AND first.since IS NOT NULL)`, ws, conversations)
	if err != nil {
		return fmt.Errorf("forget eval runs: %w", err)
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM eval_cases WHERE workspace_id = $1 AND conversation_id = ANY ($2)`, ws, conversations)
	if err != nil {
		return fmt.Errorf("forget eval cases: %w", err)
	}
	return nil
}
