package handoff

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/webhook"
)

// Transfer is what an agent asks for who gives a conversation away: to a group or to a colleague.
type Transfer struct {
	Conversation uuid.UUID
	From         int64     // the agent who asks; must be in charge, unless it waits
	ClientID     uuid.UUID // kept over retries
	Group        string
	Agent        int64  // 0 = the group decides
	Note         string // for the next agent; the visitor never sees it
}

// Transfer gives a conversation to another agent, who must be there and have room, or to a group, where it goes to the
// front of the queue, by the age that it has. Repeating it with the same ClientID is no error. Errors are of kind
// errs.Invalid if neither or both are named, errs.NotFound for an unknown group, and errs.Conflict when the conversation
// is not the agent's to give or the colleague cannot take it.
func (d *Desk) Transfer(ctx context.Context, ws uuid.UUID, t Transfer) error {
	switch {
	case t.ClientID == uuid.Nil:
		return errs.New(errs.Invalid, "the request has no client_id: choose a UUID and keep it over retries")
	case (t.Group == "") == (t.Agent == 0):
		return errs.New(errs.Invalid, "name a group or an agent to transfer to, and not both")
	case t.Agent == t.From:
		return errs.New(errs.Invalid, "the conversation is yours already: choose somebody else")
	}
	return d.decide(ctx, ws, t.Conversation, []int64{t.From, t.Agent},
		func(tx pgx.Tx, c *chat.Conversation, p parties) ([]chat.Entry, error) {
			mark := chat.SystemEntry(chat.KindTransferred, t.ClientID, nil)
			if done, err := chat.Appended(ctx, tx, c, mark.Sender, mark.ClientID); done || err != nil {
				return nil, err
			}
			if err := mayGive(c, t.From); err != nil {
				return nil, err
			}
			if err := endOffer(ctx, tx, ws, c.ID, p.offered, "withdrawn"); err != nil {
				return nil, err
			}
			entries, err := noteOf(ctx, tx, ws, t.From, t.Note)
			if err != nil {
				return nil, err
			}
			if t.Agent != 0 {
				return d.toAgent(ctx, tx, c, t, append(entries, mark))
			}
			return d.toGroup(ctx, tx, c, t, append(entries, mark))
		})
}

// mayGive checks who asks. What waits may be sent on by any agent.
func mayGive(c *chat.Conversation, from int64) error {
	if c.State != chat.StateHuman && c.State != chat.StateQueued {
		return errs.New(errs.Conflict, "this conversation is not with a person: it is %q", c.State)
	}
	if c.AgentID != 0 && c.AgentID != from {
		return errs.New(errs.Conflict, "this conversation is with another agent")
	}
	return nil
}

// noteOf is the entry of a note, if there is one.
func noteOf(ctx context.Context, tx pgx.Tx, ws uuid.UUID, from int64, note string) ([]chat.Entry, error) {
	if note == "" {
		return nil, nil
	}
	var name string
	err := tx.QueryRow(ctx, `SELECT name FROM users WHERE workspace_id = $1 AND id = $2`, ws, from).Scan(&name)
	if err != nil {
		return nil, fmt.Errorf("read who writes the note: %w", err)
	}
	return []chat.Entry{{ClientID: uuid.New(), Kind: chat.KindNote, Body: note,
		Sender: chat.Sender{Kind: chat.Agent, ID: strconv.FormatInt(from, 10), Name: name}}}, nil
}

// toAgent ends with the entry of the transfer among entries, followed by that of the assignment.
func (d *Desk) toAgent(
	ctx context.Context, tx pgx.Tx, c *chat.Conversation, t Transfer, entries []chat.Entry,
) ([]chat.Entry, error) {
	to, err := knownAgent(ctx, tx, c.Workspace, t.Agent)
	if err != nil {
		return nil, errs.New(errs.Conflict, "agent %d is not at the desk: choose somebody else, or a group", t.Agent)
	}
	if err := mayTake(ctx, tx, c.Workspace, to.id, to.name); err != nil {
		return nil, err
	}
	if err := d.release(ctx, tx, c); err != nil {
		return nil, err
	}
	if err := record(ctx, tx, c.Workspace, t.From, "handoff.transfer", c.ID, map[string]any{"agent": to.id}); err != nil {
		return nil, err
	}
	data, err := json.Marshal(map[string]any{"agent_id": to.id, "name": to.name})
	if err != nil {
		return nil, err
	}
	entries[len(entries)-1].Data = data
	given, err := d.give(ctx, tx, c, to)
	return append(entries, given...), err
}

// release ends the assignment of whoever gives the conversation away. It waits until it is given again.
func (d *Desk) release(ctx context.Context, tx pgx.Tx, c *chat.Conversation) error {
	if c.AgentID == 0 {
		return nil
	}
	if err := release(ctx, tx, c, "transferred"); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE handoffs SET waiting_since = now()
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID)
	return err
}

// toGroup puts the conversation to the front of the group's queue. What the rules asked for has been overruled by a
// person, and whoever gave it away does not get it back while others are there.
func (d *Desk) toGroup(
	ctx context.Context, tx pgx.Tx, c *chat.Conversation, t Transfer, entries []chat.Entry,
) ([]chat.Entry, error) {
	var known bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM agent_groups WHERE workspace_id = $1 AND name = $2)`, c.Workspace, t.Group).Scan(&known)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, errs.New(errs.NotFound, "there is no group %q", t.Group)
	}
	opens, err := opensAt(ctx, tx, c.Workspace, t.Group, time.Now())
	if err != nil {
		return nil, err
	}
	giver := c.AgentID
	if err := d.release(ctx, tx, c); err != nil {
		return nil, err
	}
	var b pgx.Batch
	b.Queue(`
		UPDATE handoffs SET team = $3, need = '{}', front = true, opens_at = $4
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID, t.Group, opens)
	b.Queue(`
		INSERT INTO offers (workspace_id, handoff_id, conversation_id, agent_id, expires_at, ended_at, outcome)
		SELECT workspace_id, id, conversation_id, $3::bigint, now(), now(), 'transferred' FROM handoffs
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL AND $3::bigint <> 0`, c.Workspace, c.ID, giver)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("queue the conversation for the group: %w", err)
	}
	c.State = chat.StateQueued
	if err := record(ctx, tx, c.Workspace, t.From, "handoff.transfer", c.ID, map[string]any{"group": t.Group}); err != nil {
		return nil, err
	}
	entries[len(entries)-1].Data, err = json.Marshal(map[string]string{"group": t.Group})
	if err != nil {
		return nil, err
	}
	return entries, d.emit(ctx, tx, c, webhook.Queued, map[string]any{"reason": "transferred", "group": t.Group})
}
