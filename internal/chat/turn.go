package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// ClaimTurn takes the longest due turn of any workspace that nobody works on, for the length of the lease. It returns
// nil if there is none. A turn whose lease has ended counts as free: its worker is gone or hangs.
func (l *Log) ClaimTurn(ctx context.Context, node string, lease time.Duration) (*Turn, error) {
	var t *Turn
	err := l.db.InSystemTx(ctx, func(tx pgx.Tx) (err error) {
		t, err = claim(ctx, tx, `
			SELECT workspace_id, conversation_id FROM due_turns
			WHERE lease_until < now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED`, node, lease)
		return err
	})
	return t, err
}

// ClaimTurnOf is [Log.ClaimTurn] for one conversation.
func (l *Log) ClaimTurnOf(
	ctx context.Context, ws, conversation uuid.UUID, node string, lease time.Duration,
) (*Turn, error) {
	var t *Turn
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
		t, err = claim(ctx, tx, `
			SELECT workspace_id, conversation_id FROM due_turns
			WHERE lease_until < now() AND workspace_id = $3 AND conversation_id = $4 FOR UPDATE SKIP LOCKED`,
			node, lease, ws, conversation)
		return err
	})
	return t, err
}

// claim leases the turn that the query next selects. The query is materialised because a plan that ran it twice would
// lock two.
func claim(
	ctx context.Context, tx pgx.Tx, next, node string, lease time.Duration, args ...any,
) (*Turn, error) {
	var t Turn
	err := tx.QueryRow(ctx, `
		WITH next AS MATERIALIZED (`+next+`)
		UPDATE due_turns t SET node = $1, lease_until = now() + $2, attempt = attempt + 1
		FROM next WHERE t.workspace_id = next.workspace_id AND t.conversation_id = next.conversation_id
		RETURNING t.workspace_id, t.conversation_id, t.seq, t.epoch, t.attempt`, append([]any{node, lease}, args...)...).
		Scan(&t.Workspace, &t.Conversation, &t.Seq, &t.Epoch, &t.Attempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim a turn: %w", err)
	}
	return &t, nil
}

// RenewTurn extends the claim: the lease ends after the given time from now. An error of kind [errs.Conflict] means
// that the turn is someone else's now or no longer due, so that work on it should stop.
func (l *Log) RenewTurn(ctx context.Context, t Turn, lease time.Duration) error {
	return l.db.InTx(ctx, t.Workspace, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE due_turns SET lease_until = now() + $6
			WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3 AND epoch = $4 AND attempt = $5`,
			t.Workspace, t.Conversation, t.Seq, t.Epoch, t.Attempt, lease)
		if err != nil {
			return fmt.Errorf("renew a turn: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return movedOn()
		}
		return nil
	})
}

// GiveTurnBack ends the claim as if it had never been: a node that stops in order lets the others go on at once, and
// however often nodes are restarted, the turn does not count as one that fails. A turn that is someone else's by now,
// or no longer due, stays as it is.
func (l *Log) GiveTurnBack(ctx context.Context, t Turn) error {
	err := l.db.InTx(ctx, t.Workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE due_turns SET lease_until = '-infinity', node = '', attempt = attempt - 1
			WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3 AND epoch = $4 AND attempt = $5`,
			t.Workspace, t.Conversation, t.Seq, t.Epoch, t.Attempt)
		return err
	})
	if err != nil {
		return fmt.Errorf("give a turn back: %w", err)
	}
	if l.bus != nil {
		_ = l.bus.Publish("turn.due", struct{}{})
	}
	return nil
}

// FinishTurn is [Log.Decide] that also ends the turn, in the same transaction. It refuses with an error of kind
// [errs.Conflict] if the visitor has written again, someone has taken over, or the turn was finished already. A worker
// whose lease has ended may still finish if it is the first.
func (l *Log) FinishTurn(ctx context.Context, t Turn, fn Decision) ([]Message, error) {
	return l.Decide(ctx, t.Workspace, t.Conversation, func(tx pgx.Tx, c *Conversation) ([]Entry, error) {
		if c.TurnDue != t.Seq || c.Epoch != t.Epoch {
			return nil, movedOn()
		}
		c.TurnDue = 0
		return fn(tx, c)
	})
}

func movedOn() error {
	return errs.New(errs.Conflict, "the conversation has moved on since this turn was taken")
}
