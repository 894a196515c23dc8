package handoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/webhook"
)

// agent is a locked row of agents.
type agent struct {
	id   int64
	name string
}

// Assign gives or offers waiting conversations to free agents until one or the other runs out, and returns how many it
// gave and offered. Whose turn it is and who gets it are decided on a look at the desk ([routing.Choose]); each
// assignment is then a transaction of its own, which holds only if agent and conversation are still free under their
// locks. Several nodes may do so at once.
func (d *Desk) Assign(ctx context.Context, ws uuid.UUID) (int, error) {
	given, wait := 0, false
	for {
		plan, err := d.plan(ctx, ws)
		if err != nil {
			return given, fmt.Errorf("plan assignments: %w", err)
		}
		n, err := d.carryOut(ctx, ws, plan, wait)
		given += n
		switch {
		case err != nil:
			return given, fmt.Errorf("assign the next conversation: %w", err)
		case len(plan) == 0 || n == 0 && wait:
			return given, nil
		}
		// If everything was locked by others, the next round waits for them rather than leave it to the next tick.
		wait = n == 0
	}
}

// carryOut makes the assignments that still hold, in order, and returns how many.
func (d *Desk) carryOut(ctx context.Context, ws uuid.UUID, plan []assignment, wait bool) (n int, err error) {
	var failures []error
	for _, a := range plan {
		done := false
		if a.offer > 0 {
			done, err = d.offer(ctx, ws, a, wait)
		} else {
			done, err = d.assign(ctx, ws, a, wait)
		}
		if err != nil { // a conversation that stays locked must not keep the others waiting
			failures = append(failures, err)
		}
		if done {
			n++
		}
	}
	if slices.ContainsFunc(plan, func(a assignment) bool { return a.offer > 0 }) {
		d.changed(ws)
	}
	return n, errors.Join(failures...)
}

// assign carries out one assignment, unless agent or conversation is not free any more.
func (d *Desk) assign(ctx context.Context, ws uuid.UUID, a assignment, wait bool) (bool, error) {
	given, err := d.log.DecideNext(ctx, ws, func(tx pgx.Tx) (uuid.UUID, error) {
		free, err := lockFree(ctx, tx, ws, a, wait)
		if err != nil || !free {
			return uuid.Nil, err
		}
		return a.conversation, nil
	}, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		return d.give(ctx, tx, c, a.to)
	})
	return len(given) > 0, err
}

// lockFree locks the agent, then the handoff, and reports whether both are free. It passes over rows that another
// transaction is busy with, or waits for the agent's.
func lockFree(ctx context.Context, tx pgx.Tx, ws uuid.UUID, a assignment, wait bool) (bool, error) {
	skip := "SKIP LOCKED"
	if wait {
		skip = ""
	}
	free := 0
	count := func(row pgx.Row) error {
		var one int
		err := row.Scan(&one)
		if err == nil {
			free++
		}
		return ignoreNoRows(err)
	}
	var b pgx.Batch
	b.Queue(`
		SELECT 1 FROM agents a
		WHERE workspace_id = $1 AND user_id = $2 AND status = 'online' AND lease_until > now()
		      AND load + offered < capacity
		      AND EXISTS (SELECT FROM users u WHERE u.workspace_id = $1 AND u.id = $2 AND u.disabled_at IS NULL)
		FOR UPDATE OF a `+skip, ws, a.to.id).QueryRow(count)
	b.Queue(`
		SELECT 1 FROM handoffs
		WHERE workspace_id = $1 AND id = $2 AND waiting_since IS NOT NULL AND offered_to IS NULL AND team = $3
		FOR UPDATE SKIP LOCKED`, ws, a.handoff, a.team).QueryRow(count)
	err := tx.SendBatch(ctx, &b).Close()
	return free == 2, err
}

// lockHandoff waits for the open handoff of a conversation, if it has one.
func lockHandoff(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		SELECT FROM handoffs WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL FOR UPDATE`,
		ws, conversation)
	return err
}

// Claim gives a waiting conversation to an agent who picked it by hand, out of turn, even while it is offered to another.
// Errors are of kind errs.Conflict when it does not wait any more or the agent is not online or has no capacity left,
// errs.NotFound for unknown ids. Claiming again what one has is no error.
func (d *Desk) Claim(ctx context.Context, ws, conversation uuid.UUID, agentID int64) error {
	return d.decide(ctx, ws, conversation, []int64{agentID},
		func(tx pgx.Tx, c *chat.Conversation, p parties) ([]chat.Entry, error) {
			to, err := knownAgent(ctx, tx, ws, agentID)
			switch {
			case err != nil:
				return nil, err
			case c.AgentID == agentID:
				return nil, nil
			case c.State != chat.StateQueued:
				return nil, errs.New(errs.Conflict, "this conversation does not wait for a person any more")
			}
			outcome := "withdrawn"
			if p.offered == agentID {
				outcome = "accepted"
			}
			if err := endOffer(ctx, tx, c.Workspace, c.ID, p.offered, outcome); err != nil {
				return nil, err
			}
			if err := mayTake(ctx, tx, ws, agentID, ""); err != nil {
				return nil, err
			}
			if err := record(ctx, tx, ws, agentID, "handoff.claim", c.ID, nil); err != nil {
				return nil, err
			}
			return d.give(ctx, tx, c, to)
		})
}

// give moves a queued conversation to an agent whose row is locked. It has no open offer.
func (d *Desk) give(ctx context.Context, tx pgx.Tx, c *chat.Conversation, to agent) ([]chat.Entry, error) {
	var b pgx.Batch
	b.Queue(`
		UPDATE agents SET load = load + 1, idle_since = now(), assigned_at = now()
		WHERE workspace_id = $1 AND user_id = $2`, c.Workspace, to.id)
	b.Queue(`
		INSERT INTO assignments (workspace_id, handoff_id, conversation_id, agent_id, waiting_since)
		SELECT workspace_id, id, conversation_id, $3, waiting_since FROM handoffs
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID, to.id)
	b.Queue(`
		UPDATE handoffs SET waiting_since = NULL, front = false
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("record the assignment: %w", err)
	}
	c.State, c.AgentID = chat.StateHuman, to.id
	person := map[string]any{"agent_id": to.id, "name": to.name}
	if err := d.emit(ctx, tx, c, webhook.Assigned, map[string]any{"agent": person}); err != nil {
		return nil, err
	}
	data, err := json.Marshal(person)
	if err != nil {
		return nil, err
	}
	return []chat.Entry{chat.SystemEntry(chat.KindAssigned, uuid.New(), data)}, nil
}

// ignoreNoRows makes "there is none" a zero value rather than a failure.
func ignoreNoRows(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}
