package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// errMoved says that the conversation changed hands between the look at it and the locks.
var errMoved = errors.New("the conversation has moved on meanwhile")

// attempts is how often a decision starts over because of errMoved.
const attempts = 10

// parties are whom a conversation concerns: those whose load changes with it.
type parties struct {
	handoff int64 // the open one, 0 = none
	agent   int64 // in charge, 0 = nobody
	offered int64 // asked whether they take it, 0 = nobody
}

// decide runs fn on a conversation with the rows of all agents whom it concerns locked, and of those named beside, then
// the open handoff, then the conversation. Whom it concerns is known for sure only under these locks, so a decision
// starts over if somebody else was faster.
func (d *Desk) decide(
	ctx context.Context, ws, conversation uuid.UUID, beside []int64,
	fn func(tx pgx.Tx, c *chat.Conversation, p parties) ([]chat.Entry, error),
) error {
	for range attempts {
		var p parties
		_, err := d.log.DecideNext(ctx, ws, func(tx pgx.Tx) (_ uuid.UUID, err error) {
			p, err = lockParties(ctx, tx, ws, conversation, beside)
			return conversation, err
		}, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
			if p.handoff == 0 && (c.State == chat.StateQueued || c.State == chat.StateHuman) {
				return nil, errMoved
			}
			return fn(tx, c, p)
		})
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return errs.Wrap(errMoved, errs.Unavailable, "the conversation is busy: try again in a moment")
}

// locked is decide for what leaves the conversation as it is, such as an offer.
func (d *Desk) locked(
	ctx context.Context, ws, conversation uuid.UUID, agentID int64, fn func(tx pgx.Tx, p parties) error,
) error {
	for range attempts {
		err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
			p, err := lockParties(ctx, tx, ws, conversation, []int64{agentID})
			if err != nil {
				return err
			}
			return fn(tx, p)
		})
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return errs.Wrap(errMoved, errs.Unavailable, "the conversation is busy: try again in a moment")
}

// lockParties locks in the order that every transaction of the package keeps: agents by number, then the handoff.
func lockParties(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID, beside []int64) (parties, error) {
	before, err := readParties(ctx, tx, ws, conversation)
	if err != nil {
		return before, err
	}
	agents := append([]int64{before.agent, before.offered}, beside...)
	var b pgx.Batch
	b.Queue(`
		SELECT FROM agents WHERE workspace_id = $1 AND user_id = ANY($2) ORDER BY user_id FOR UPDATE`, ws, agents)
	b.Queue(`
		SELECT FROM handoffs WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL FOR UPDATE`,
		ws, conversation)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return before, fmt.Errorf("lock the agents and the handoff: %w", err)
	}
	// A statement of its own: it sees what the locks waited for.
	now, err := readParties(ctx, tx, ws, conversation)
	if err != nil {
		return now, err
	}
	if now.handoff != before.handoff && before.handoff != 0 ||
		now.agent != 0 && !slices.Contains(agents, now.agent) || now.offered != 0 && !slices.Contains(agents, now.offered) {
		return now, errMoved
	}
	if before.handoff == 0 {
		now.handoff = 0 // it is not locked
	}
	return now, nil
}

func readParties(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID) (p parties, err error) {
	err = tx.QueryRow(ctx, `
		SELECT h.id, coalesce(a.agent_id, 0), coalesce(h.offered_to, 0)
		FROM handoffs h
		LEFT JOIN assignments a ON a.workspace_id = h.workspace_id AND a.conversation_id = h.conversation_id
		                           AND a.ended_at IS NULL
		WHERE h.workspace_id = $1 AND h.conversation_id = $2 AND h.ended_at IS NULL`, ws, conversation).
		Scan(&p.handoff, &p.agent, &p.offered)
	if errors.Is(err, pgx.ErrNoRows) {
		return parties{}, nil
	}
	if err != nil {
		return parties{}, fmt.Errorf("look who has the conversation: %w", err)
	}
	return p, nil
}

// knownAgent returns an agent whose row is locked, or says that there is no such agent.
func knownAgent(ctx context.Context, tx pgx.Tx, ws uuid.UUID, id int64) (agent, error) {
	a := agent{id: id}
	err := tx.QueryRow(ctx, `
		SELECT u.name FROM agents a JOIN users u ON u.workspace_id = a.workspace_id AND u.id = a.user_id
		WHERE a.workspace_id = $1 AND a.user_id = $2 AND u.disabled_at IS NULL`, ws, id).Scan(&a.name)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, errs.New(errs.Conflict, "this member of staff has not been online as an agent: go online first")
	}
	return a, err
}

// mayTake checks an agent whose row is locked and who gets a conversation by a person's decision. The name says whom the
// message speaks of: "" is the reader.
func mayTake(ctx context.Context, tx pgx.Tx, ws uuid.UUID, id int64, name string) error {
	var online, room bool
	err := tx.QueryRow(ctx, `
		SELECT status <> 'offline' AND lease_until > now(), load + offered < capacity FROM agents
		WHERE workspace_id = $1 AND user_id = $2`, ws, id).Scan(&online, &room)
	switch {
	case err != nil:
		return err
	case !online && name == "":
		return errs.New(errs.Conflict, "you are offline: go online before taking a conversation")
	case !online:
		return errs.New(errs.Conflict, "%s is offline: choose somebody else, or a group", name)
	case !room && name == "":
		return errs.New(errs.Conflict, "you have as many conversations as you may: close or return one first")
	case !room:
		return errs.New(errs.Conflict, "%s has as many conversations as they may: choose somebody else, or a group", name)
	}
	return nil
}
