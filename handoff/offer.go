package handoff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// offer asks an agent whether they take a conversation, and keeps a place free for it meanwhile. It keeps waiting, at its
// place in the queue.
func (d *Desk) offer(ctx context.Context, ws uuid.UUID, a assignment, wait bool) (made bool, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		free, err := lockFree(ctx, tx, ws, a, wait)
		if err != nil || !free {
			return err
		}
		made = true
		var b pgx.Batch
		b.Queue(`
			UPDATE agents SET offered = offered + 1 WHERE workspace_id = $1 AND user_id = $2`, ws, a.to.id)
		b.Queue(`
			UPDATE handoffs SET offered_to = $3 WHERE workspace_id = $1 AND id = $2`, ws, a.handoff, a.to.id)
		b.Queue(`
			INSERT INTO offers (workspace_id, handoff_id, conversation_id, agent_id, expires_at)
			VALUES ($1, $2, $3, $4, now() + $5::interval)`, ws, a.handoff, a.conversation, a.to.id, a.offer)
		return tx.SendBatch(ctx, &b).Close()
	})
	return made && err == nil, err
}

// Accept gives an agent the conversation that is offered to them. An offer that has ended gives errs.Conflict. Accepting
// again what one has is no error.
func (d *Desk) Accept(ctx context.Context, ws, conversation uuid.UUID, agentID int64) error {
	return d.decide(ctx, ws, conversation, []int64{agentID},
		func(tx pgx.Tx, c *chat.Conversation, p parties) ([]chat.Entry, error) {
			if c.AgentID == agentID {
				return nil, nil
			}
			if p.offered != agentID {
				return nil, noOffer()
			}
			to, err := knownAgent(ctx, tx, ws, agentID)
			if err != nil {
				return nil, err
			}
			if err := endOffer(ctx, tx, ws, c.ID, agentID, "accepted"); err != nil {
				return nil, err
			}
			if err := mayTake(ctx, tx, ws, agentID, ""); err != nil {
				return nil, err
			}
			if err := record(ctx, tx, ws, agentID, "handoff.accept", c.ID, nil); err != nil {
				return nil, err
			}
			return d.give(ctx, tx, c, to)
		})
}

// Decline passes an offer on to the next agent. The conversation keeps its place in the queue, and whoever declined it is
// asked again only if nobody else is on duty. An offer that has ended gives errs.Conflict.
func (d *Desk) Decline(ctx context.Context, ws, conversation uuid.UUID, agentID int64) error {
	err := d.locked(ctx, ws, conversation, agentID, func(tx pgx.Tx, p parties) error {
		if p.offered != agentID {
			return noOffer()
		}
		if err := endOffer(ctx, tx, ws, conversation, agentID, "declined"); err != nil {
			return err
		}
		return record(ctx, tx, ws, agentID, "handoff.decline", conversation, nil)
	})
	if err != nil {
		return err
	}
	d.changed(ws)
	return nil
}

func noOffer() error {
	return errs.New(errs.Conflict, "this conversation is not offered to you any more")
}

// endOffer ends the open offer to an agent, if there is one, and frees the place that was kept for it. Agent and handoff
// are locked.
func endOffer(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID, to int64, outcome string) error {
	if to == 0 {
		return nil
	}
	var b pgx.Batch
	b.Queue(`
		UPDATE offers SET ended_at = now(), outcome = $3
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, ws, conversation, outcome)
	b.Queue(`
		UPDATE handoffs SET offered_to = NULL
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, ws, conversation)
	b.Queue(`
		UPDATE agents SET offered = offered - 1 WHERE workspace_id = $1 AND user_id = $2`, ws, to)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("end the offer: %w", err)
	}
	return nil
}

// Expire ends the offers whose time is over, or whose agent has gone, and returns how many. It is safe on several nodes
// at once.
func (d *Desk) Expire(ctx context.Context, ws uuid.UUID) (n int, err error) {
	for {
		over, err := d.expireNext(ctx, ws)
		if err != nil {
			return n, fmt.Errorf("end an offer: %w", err)
		}
		if !over {
			break
		}
		n++
	}
	if n > 0 {
		d.changed(ws)
	}
	return n, nil
}

func (d *Desk) expireNext(ctx context.Context, ws uuid.UUID) (over bool, err error) {
	var conversation uuid.UUID
	var to int64
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT o.conversation_id, o.agent_id
			FROM offers o JOIN agents a ON a.workspace_id = o.workspace_id AND a.user_id = o.agent_id
			WHERE o.workspace_id = $1 AND o.ended_at IS NULL
			      AND (o.expires_at <= now() OR a.lease_until <= now() OR a.status = 'offline')
			ORDER BY o.expires_at, o.id LIMIT 1`, ws).Scan(&conversation, &to)
	})
	if err != nil {
		return false, ignoreNoRows(err)
	}
	return true, d.locked(ctx, ws, conversation, to, func(tx pgx.Tx, p parties) error {
		if p.offered != to {
			return nil // it was answered while the lock was waited for
		}
		return endOffer(ctx, tx, ws, conversation, to, "expired")
	})
}
