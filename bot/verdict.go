package bot

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// Withheld is the answer that the bot had and did not give, because it was not sure enough.
type Withheld struct {
	Text      string     `json:"text"`
	Citations []Citation `json:"citations"`
}

// Judge stores whether the bot's answer of a turn, given or withheld, was right, in place of what was said before; nil
// takes the verdict back. Calibrators are fitted to these verdicts. A turn without an answer of which the bot had a
// confidence cannot be judged: [errs.Invalid].
func (b *Bot) Judge(ctx context.Context, ws uuid.UUID, actor string, conversation uuid.UUID, seq int64, right *bool) error {
	err := b.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := judgeable(ctx, tx, ws, conversation, seq); err != nil {
			return err
		}
		if err := storeVerdict(ctx, tx, ws, actor, conversation, seq, right); err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "turn.verdict",
			Target: fmt.Sprintf("turn:%s/%d", conversation, seq), Data: map[string]any{"right": right}})
	})
	if err != nil {
		return fmt.Errorf("store the verdict: %w", err)
	}
	return nil
}

func judgeable(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID, seq int64) error {
	var answered bool
	err := tx.QueryRow(ctx, `
		SELECT withholds OR decision = 'answer' AND reason = 'confident'
		FROM turns WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3`, ws, conversation, seq).Scan(&answered)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.New(errs.NotFound, "the bot had no turn at message %d of conversation %s", seq, conversation)
	case err == nil && !answered:
		return errs.New(errs.Invalid, "the bot had no answer at message %d that could be right or wrong", seq)
	}
	return err
}

func storeVerdict(ctx context.Context, tx pgx.Tx, ws uuid.UUID, actor string, conversation uuid.UUID, seq int64, right *bool) error {
	if right == nil {
		_, err := tx.Exec(ctx, `
			DELETE FROM turn_verdicts WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3`, ws, conversation, seq)
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO turn_verdicts (workspace_id, conversation_id, seq, correct, actor) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace_id, conversation_id, seq)
		DO UPDATE SET correct = excluded.correct, actor = excluded.actor, at = now()`, ws, conversation, seq, *right, actor)
	return err
}
