package handoff

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// Invite lets a colleague watch a conversation and write in it, beside the agent in charge, until they leave or it goes
// back to the bot or is closed. The epoch stays, and so does the agent's load: a guest gives advice. The colleague must
// be at the desk, or it is errs.Conflict. Inviting a guest again is no error.
func (d *Desk) Invite(ctx context.Context, ws, conversation uuid.UUID, by, guest int64, note string, clientID uuid.UUID) error {
	if clientID == uuid.Nil {
		return errs.New(errs.Invalid, "the request has no client_id: choose a UUID and keep it over retries")
	}
	if by == guest {
		return errs.New(errs.Invalid, "you are in this conversation already: invite somebody else")
	}
	return d.decide(ctx, ws, conversation, []int64{by, guest},
		func(tx pgx.Tx, c *chat.Conversation, _ parties) ([]chat.Entry, error) {
			if c.State != chat.StateHuman || c.AgentID != by {
				return nil, errs.New(errs.Conflict, "this conversation is not yours any more")
			}
			who, err := atDesk(ctx, tx, ws, guest)
			if err != nil {
				return nil, err
			}
			tag, err := tx.Exec(ctx, `
				INSERT INTO guests (workspace_id, conversation_id, agent_id, invited_by) VALUES ($1, $2, $3, $4)
				ON CONFLICT DO NOTHING`, ws, c.ID, guest, by)
			if err != nil || tag.RowsAffected() == 0 {
				return nil, err
			}
			if err := record(ctx, tx, ws, by, "conference.invite", c.ID, map[string]any{"agent": guest}); err != nil {
				return nil, err
			}
			entries, err := noteOf(ctx, tx, ws, by, note)
			if err != nil {
				return nil, err
			}
			joined, err := aboutAgent(chat.KindJoined, clientID, who)
			return append(entries, joined), err
		})
}

// atDesk returns an agent who is online or away.
func atDesk(ctx context.Context, tx pgx.Tx, ws uuid.UUID, id int64) (agent, error) {
	a, err := knownAgent(ctx, tx, ws, id)
	if err != nil {
		return a, errs.New(errs.Conflict, "agent %d is not at the desk: choose somebody else", id)
	}
	var there bool
	err = tx.QueryRow(ctx, `
		SELECT status <> 'offline' AND lease_until > now() FROM agents WHERE workspace_id = $1 AND user_id = $2`, ws, id).
		Scan(&there)
	if err == nil && !there {
		return a, errs.New(errs.Conflict, "%s is offline: choose somebody else", a.name)
	}
	return a, err
}

// Leave ends an agent's visit to a conversation. One who is not a guest is no error.
func (d *Desk) Leave(ctx context.Context, ws, conversation uuid.UUID, guest int64) error {
	return d.decide(ctx, ws, conversation, []int64{guest},
		func(tx pgx.Tx, c *chat.Conversation, _ parties) ([]chat.Entry, error) {
			tag, err := tx.Exec(ctx, `
				DELETE FROM guests WHERE workspace_id = $1 AND conversation_id = $2 AND agent_id = $3`, ws, c.ID, guest)
			if err != nil || tag.RowsAffected() == 0 {
				return nil, err
			}
			who, err := knownAgent(ctx, tx, ws, guest)
			if err != nil {
				return nil, err
			}
			if err := record(ctx, tx, ws, guest, "conference.leave", c.ID, nil); err != nil {
				return nil, err
			}
			left, err := aboutAgent(chat.KindLeft, uuid.New(), who)
			return []chat.Entry{left}, err
		})
}

// aboutAgent is a system entry that names an agent.
func aboutAgent(kind chat.Kind, clientID uuid.UUID, who agent) (chat.Entry, error) {
	data, err := json.Marshal(map[string]any{"agent_id": who.id, "name": who.name})
	return chat.SystemEntry(kind, clientID, data), err
}

// IsGuest reports whether an agent was invited into a conversation and is still there.
func (d *Desk) IsGuest(ctx context.Context, ws, conversation uuid.UUID, agentID int64) (is bool, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM guests WHERE workspace_id = $1 AND conversation_id = $2 AND agent_id = $3)`,
			ws, conversation, agentID).Scan(&is)
	})
	if err != nil {
		return false, fmt.Errorf("look for a guest: %w", err)
	}
	return is, nil
}
