package evals

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/bot"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

// maxCases is how many cases a workspace may keep; a suite that takes an hour is run by nobody.
const maxCases = 2000

// StoredCase is a case that somebody made of a turn of a conversation.
type StoredCase struct {
	ID           uuid.UUID
	Question     string   // personal data masked, as far as [intent.Mask] knows it
	History      []string // earlier messages of the visitor, masked, oldest first
	Lang         string   // ISO 639-1
	Decision     bot.Decision
	Sources      []string
	Facts        [][]string
	Tags         []string
	Conversation *uuid.UUID // nil once the conversation is gone
	Seq          int64      // of the visitor's message that was answered
	Author       string
	CreatedAt    time.Time

	contact *uuid.UUID // for whom it is sealed; nil = for the workspace
}

// Case is the case as a suite holds it.
func (c StoredCase) Case() Case {
	return Case{ID: "case-" + c.ID.String(), Question: c.Question, Lang: c.Lang, Tags: c.Tags, History: c.History,
		Decision: c.Decision, Sources: c.Sources, Facts: c.Facts}
}

// Cases lists the cases that were made of conversations, the oldest first.
func (s *Store) Cases(ctx context.Context, ws uuid.UUID) (list []StoredCase, err error) {
	err = s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		list, err = s.storedCases(ctx, tx, ws, `
			SELECT `+caseColumns+` FROM eval_cases WHERE workspace_id = $1 ORDER BY created_at, id`, ws)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list eval cases: %w", err)
	}
	return list, nil
}

// AddCase makes a case of the bot's turn about the visitor's message seq: question and history as they were said, with
// personal data masked, decision and sources as the bot had them, and over these what e says. A turn that the workspace
// does not have is of kind [errs.NotFound], one that is a case already of kind [errs.Conflict].
func (s *Store) AddCase(ctx context.Context, ws uuid.UUID, actor, author string, conversation uuid.UUID, seq int64, e CaseEdit) (StoredCase, error) {
	var c StoredCase
	err := s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
		if c, err = s.caseOfTurn(ctx, tx, ws, conversation, seq); err != nil {
			return err
		}
		c.ID, c.Author = uuid.New(), author
		if err := e.apply(&c); err != nil {
			return err
		}
		if err := room(ctx, tx, ws); err != nil {
			return err
		}
		sealed, err := s.sealCase(ctx, tx, ws, c)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			INSERT INTO eval_cases (workspace_id, id, sealed, contact_id, lang, decision, sources, tags, conversation_id, seq, author)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING created_at`, ws, c.ID, sealed, c.contact,
			c.Lang, c.Decision, c.Sources, c.Tags, c.Conversation, c.Seq, c.Author).Scan(&c.CreatedAt)
		if err != nil {
			return err
		}
		return auditCase(ctx, tx, ws, actor, "eval.case.add", c.ID)
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == pgerrcode.UniqueViolation {
		return StoredCase{}, errs.Wrap(err, errs.Conflict, "this turn is a case already: change it on the page of cases")
	}
	if err != nil {
		return StoredCase{}, fmt.Errorf("make a case of a turn: %w", err)
	}
	return c, nil
}

func room(ctx context.Context, tx pgx.Tx, ws uuid.UUID) error {
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM eval_cases WHERE workspace_id = $1`, ws).Scan(&n)
	if err == nil && n >= maxCases {
		return errs.New(errs.TooLarge, "there are %d cases already: remove some that say the same as others", n)
	}
	return err
}

// UpdateCase changes what e names of a case; an unknown case is of kind [errs.NotFound].
func (s *Store) UpdateCase(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID, e CaseEdit) (StoredCase, error) {
	var c StoredCase
	err := s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		found, err := s.storedCases(ctx, tx, ws, `
			SELECT `+caseColumns+` FROM eval_cases WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, ws, id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return noCase(id)
		}
		c = found[0]
		if err := e.apply(&c); err != nil {
			return err
		}
		sealed, err := s.sealCase(ctx, tx, ws, c)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE eval_cases SET sealed = $3, lang = $4, decision = $5, sources = $6, tags = $7
			WHERE workspace_id = $1 AND id = $2`, ws, id, sealed, c.Lang, c.Decision, c.Sources, c.Tags)
		if err != nil {
			return err
		}
		return auditCase(ctx, tx, ws, actor, "eval.case.update", id)
	})
	if err != nil {
		return StoredCase{}, fmt.Errorf("change eval case %s: %w", id, err)
	}
	return c, nil
}

// RemoveCase forgets a case; an unknown one is of kind [errs.NotFound].
func (s *Store) RemoveCase(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID) error {
	err := s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM eval_cases WHERE workspace_id = $1 AND id = $2`, ws, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return noCase(id)
		}
		return auditCase(ctx, tx, ws, actor, "eval.case.remove", id)
	})
	if err != nil {
		return fmt.Errorf("remove eval case %s: %w", id, err)
	}
	return nil
}

func noCase(id uuid.UUID) error { return errs.New(errs.NotFound, "there is no case %s", id) }

func auditCase(ctx context.Context, tx pgx.Tx, ws uuid.UUID, actor, action string, id uuid.UUID) error {
	return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: action, Target: "eval_case:" + id.String()})
}
