package handoff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/webhook"
)

// reasonAgentGone is the reason in the log of a conversation that goes back to the queue.
const reasonAgentGone = "agent_gone"

// Reap puts the conversations of agents whose lease has ended back to the front of the queue and returns how many. It
// is safe on several nodes at once: a conversation that one of them has moved is not with its agent any more.
func (d *Desk) Reap(ctx context.Context, ws uuid.UUID) (int, error) {
	for n := 0; ; n++ {
		moved, err := d.reapNext(ctx, ws)
		if err != nil {
			return n, fmt.Errorf("return a conversation to the queue: %w", err)
		}
		if !moved {
			return n, nil
		}
	}
}

func (d *Desk) reapNext(ctx context.Context, ws uuid.UUID) (bool, error) {
	moved, err := d.log.DecideNext(ctx, ws, func(tx pgx.Tx) (uuid.UUID, error) {
		gone, err := lockGoneAgent(ctx, tx, ws)
		if err != nil {
			return uuid.Nil, ignoreNoRows(err)
		}
		var id uuid.UUID
		err = tx.QueryRow(ctx, `
			SELECT conversation_id FROM assignments
			WHERE workspace_id = $1 AND agent_id = $2 AND ended_at IS NULL ORDER BY id DESC LIMIT 1`, ws, gone).Scan(&id)
		if err != nil {
			return uuid.Nil, err
		}
		return id, lockHandoff(ctx, tx, ws, id)
	}, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		return d.requeue(ctx, tx, c)
	})
	return len(moved) > 0, err
}

// lockGoneAgent takes an agent who has conversations but no lease. While it is locked, the agent can neither renew the
// lease nor end an assignment.
func lockGoneAgent(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (id int64, err error) {
	err = tx.QueryRow(ctx, `
		SELECT user_id FROM agents
		WHERE workspace_id = $1 AND lease_until <= now() AND load > 0
		ORDER BY user_id LIMIT 1 FOR UPDATE SKIP LOCKED`, ws).Scan(&id)
	return id, err
}

// requeue puts a conversation whose agent's row is locked to the front of the queue.
func (d *Desk) requeue(ctx context.Context, tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
	if err := release(ctx, tx, c, "agent_gone"); err != nil {
		return nil, err
	}
	_, err := tx.Exec(ctx, `
		UPDATE handoffs SET waiting_since = now(), front = true
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	c.State = chat.StateQueued
	if err := d.emit(ctx, tx, c, webhook.Queued, map[string]any{"reason": reasonAgentGone}); err != nil {
		return nil, err
	}
	return []chat.Entry{chat.HandoffEntry(reasonAgentGone)}, nil
}

// Dismiss takes an account that was disabled off the desk: it is offline at once, and its conversations and offers go back
// to the queue. A member of staff who was never at the desk is no error.
func (d *Desk) Dismiss(ctx context.Context, ws uuid.UUID, agentID int64) error {
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE agents SET status = 'offline', lease_until = '-infinity' WHERE workspace_id = $1 AND user_id = $2`,
			ws, agentID)
		return err
	})
	if err != nil {
		return fmt.Errorf("take the agent off the desk: %w", err)
	}
	if _, err := d.Expire(ctx, ws); err != nil {
		return err
	}
	_, err = d.Reap(ctx, ws)
	d.changed(ws)
	return err
}
