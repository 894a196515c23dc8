package handoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// agent is a locked row of agents.
type agent struct {
	id   int64
	name string
}

// Assign gives waiting conversations to free agents until one or the other runs out, and returns how many it gave.
// The next in the queue goes to the agent with the least load and, among those, the one whose load has been the same
// for longest. Several nodes may do so at once: each takes agents and conversations that no other is looking at.
func (d *Desk) Assign(ctx context.Context, ws uuid.UUID) (int, error) {
	for n := 0; ; n++ {
		given, err := d.assignNext(ctx, ws)
		if err != nil {
			return n, fmt.Errorf("assign the next conversation: %w", err)
		}
		if !given {
			return n, nil
		}
	}
}

func (d *Desk) assignNext(ctx context.Context, ws uuid.UUID) (bool, error) {
	var to agent
	given, err := d.log.DecideNext(ctx, ws, func(tx pgx.Tx) (id uuid.UUID, err error) {
		if to, err = lockFreeAgent(ctx, tx, ws); err != nil {
			return uuid.Nil, ignoreNoRows(err)
		}
		id, err = lockNextWaiting(ctx, tx, ws)
		return id, ignoreNoRows(err)
	}, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		return give(ctx, tx, c, to)
	})
	return len(given) > 0, err
}

// lockFreeAgent passes over agents that another transaction is busy with: it will look again after that one.
func lockFreeAgent(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (a agent, err error) {
	err = tx.QueryRow(ctx, `
		SELECT a.user_id, u.name
		FROM agents a JOIN users u ON u.workspace_id = a.workspace_id AND u.id = a.user_id
		WHERE a.workspace_id = $1 AND a.status = 'online' AND a.lease_until > now() AND a.load < a.capacity
		      AND u.disabled_at IS NULL
		ORDER BY a.load, a.idle_since, a.user_id LIMIT 1
		FOR UPDATE OF a SKIP LOCKED`, ws).Scan(&a.id, &a.name)
	return a, err
}

// lockNextWaiting passes over handoffs that another transaction is about to assign or end.
func lockNextWaiting(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (id uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `
		SELECT conversation_id FROM handoffs
		WHERE workspace_id = $1 AND waiting_since IS NOT NULL
		ORDER BY front DESC, priority DESC, queued_at, id LIMIT 1
		FOR UPDATE SKIP LOCKED`, ws).Scan(&id)
	return id, err
}

// lockHandoff waits for the open handoff of a conversation, if it has one.
func lockHandoff(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		SELECT FROM handoffs WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL FOR UPDATE`,
		ws, conversation)
	return err
}

// Claim gives a waiting conversation to an agent who picked it by hand, out of turn. Errors are of kind errs.Conflict
// when it does not wait any more or the agent is not online or has no capacity left, errs.NotFound for unknown ids.
// Claiming again what one has is no error.
func (d *Desk) Claim(ctx context.Context, ws, conversation uuid.UUID, agentID int64) error {
	var to agent
	_, err := d.log.DecideNext(ctx, ws, func(tx pgx.Tx) (_ uuid.UUID, err error) {
		if to, err = lockAgent(ctx, tx, ws, agentID); err != nil {
			return uuid.Nil, err
		}
		return conversation, lockHandoff(ctx, tx, ws, conversation)
	}, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		switch {
		case c.AgentID == agentID:
			return nil, nil
		case c.State != chat.StateQueued:
			return nil, errs.New(errs.Conflict, "this conversation does not wait for a person any more")
		}
		if err := mayTake(ctx, tx, ws, agentID); err != nil {
			return nil, err
		}
		return give(ctx, tx, c, to)
	})
	return err
}

// lockAgent waits for the row of one agent.
func lockAgent(ctx context.Context, tx pgx.Tx, ws uuid.UUID, id int64) (agent, error) {
	a := agent{id: id}
	err := tx.QueryRow(ctx, `
		SELECT u.name FROM agents a JOIN users u ON u.workspace_id = a.workspace_id AND u.id = a.user_id
		WHERE a.workspace_id = $1 AND a.user_id = $2 FOR UPDATE OF a`, ws, id).Scan(&a.name)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, errs.New(errs.Conflict, "this member of staff has not been online as an agent: go online first")
	}
	return a, err
}

// mayTake checks an agent who picks by hand. It runs under the lock of the agent's row.
func mayTake(ctx context.Context, tx pgx.Tx, ws uuid.UUID, id int64) error {
	var online, room bool
	err := tx.QueryRow(ctx, `
		SELECT status <> 'offline' AND lease_until > now(), load < capacity FROM agents
		WHERE workspace_id = $1 AND user_id = $2`, ws, id).Scan(&online, &room)
	switch {
	case err != nil:
		return err
	case !online:
		return errs.New(errs.Conflict, "you are offline: go online before taking a conversation")
	case !room:
		return errs.New(errs.Conflict, "you have as many conversations as you may: close or return one first")
	}
	return nil
}

// give moves a queued conversation to an agent whose row is locked.
func give(ctx context.Context, tx pgx.Tx, c *chat.Conversation, to agent) ([]chat.Entry, error) {
	var b pgx.Batch
	b.Queue(`
		UPDATE agents SET load = load + 1, idle_since = now() WHERE workspace_id = $1 AND user_id = $2`, c.Workspace, to.id)
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
	data, err := json.Marshal(map[string]any{"agent_id": to.id, "name": to.name})
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
