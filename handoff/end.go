package handoff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/webhook"
)

// Return gives a conversation back to the bot, from the agent who has it or from the queue. Repeating it with the same
// clientID is no error. A conversation that is with someone else, or with nobody, gives errs.Conflict.
func (d *Desk) Return(ctx context.Context, ws, conversation uuid.UUID, agentID int64, clientID uuid.UUID) error {
	entry := chat.SystemEntry(chat.KindReturned, clientID, nil)
	return d.end(ctx, ws, conversation, agentID, entry, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.State != chat.StateHuman && c.State != chat.StateQueued {
			return nil, errs.New(errs.Conflict, "this conversation is not with a person: it is %q", c.State)
		}
		c.State = chat.StateBot
		var err error
		// What was said while waiting is the bot's to answer once it is back in charge.
		c.TurnDue, err = d.log.Unanswered(ctx, tx, c, c.LastSeq)
		return []chat.Entry{entry}, err
	})
}

// Close ends a conversation and asks the visitor for a rating. An agent may close what they have, and what is with the
// queue or the bot. Repeating it with the same clientID is no error; closing what another agent has, or what is closed
// already, gives errs.Conflict.
func (d *Desk) Close(ctx context.Context, ws, conversation uuid.UUID, agentID int64, clientID uuid.UUID) error {
	entry := chat.SystemEntry(chat.KindClosed, clientID, nil)
	return d.end(ctx, ws, conversation, agentID, entry, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.State == chat.StateClosed {
			return nil, errs.New(errs.Conflict, "this conversation is closed already")
		}
		c.State = chat.StateClosed
		return []chat.Entry{entry, chat.SystemEntry(chat.KindCSATRequest, uuid.New(), nil)}, nil
	})
}

// end runs fn on a conversation that the agent may end, then ends its handoff and assignment, if any.
func (d *Desk) end(
	ctx context.Context, ws, conversation uuid.UUID, agentID int64, mark chat.Entry,
	fn chat.Decision,
) error {
	if mark.ClientID == uuid.Nil {
		return errs.New(errs.Invalid, "the request has no client_id: choose a UUID and keep it over retries")
	}
	return d.decide(ctx, ws, conversation, []int64{agentID},
		func(tx pgx.Tx, c *chat.Conversation, p parties) ([]chat.Entry, error) {
			if done, err := chat.Appended(ctx, tx, c, mark.Sender, mark.ClientID); done || err != nil {
				return nil, err
			}
			if c.AgentID != 0 && c.AgentID != agentID {
				return nil, errs.New(errs.Conflict, "this conversation is with another agent")
			}
			entries, err := fn(tx, c)
			if err != nil {
				return nil, err
			}
			return entries, d.finish(ctx, tx, c, p, agentID)
		})
}

// finish ends what the desk has of a conversation that is not with people any more.
func (d *Desk) finish(ctx context.Context, tx pgx.Tx, c *chat.Conversation, p parties, agentID int64) error {
	outcome, action := "returned", "handoff.return"
	if c.State == chat.StateClosed {
		outcome, action = "closed", "handoff.close"
	}
	if err := endOffer(ctx, tx, c.Workspace, c.ID, p.offered, "withdrawn"); err != nil {
		return err
	}
	if err := release(ctx, tx, c, outcome); err != nil {
		return err
	}
	if err := endHandoff(ctx, tx, c); err != nil {
		return err
	}
	if outcome == "closed" {
		if err := d.emit(ctx, tx, c, webhook.Closed, map[string]any{"agent_id": agentID}); err != nil {
			return err
		}
	}
	return record(ctx, tx, c.Workspace, agentID, action, c.ID, nil)
}

// release ends the open assignment of a conversation. The agent's row is locked already.
func release(ctx context.Context, tx pgx.Tx, c *chat.Conversation, outcome string) error {
	if c.AgentID == 0 {
		return nil
	}
	var b pgx.Batch
	b.Queue(`
		UPDATE assignments SET ended_at = now(), outcome = $3
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID, outcome)
	b.Queue(`
		UPDATE agents SET load = load - 1, idle_since = now()
		WHERE workspace_id = $1 AND user_id = $2`, c.Workspace, c.AgentID)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("end the assignment: %w", err)
	}
	c.AgentID = 0
	return nil
}

func endHandoff(ctx context.Context, tx pgx.Tx, c *chat.Conversation) error {
	var b pgx.Batch
	b.Queue(`
		UPDATE handoffs SET ended_at = now(), waiting_since = NULL
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`, c.Workspace, c.ID)
	b.Queue(`DELETE FROM guests WHERE workspace_id = $1 AND conversation_id = $2`, c.Workspace, c.ID)
	b.Queue(`
		UPDATE desk_alerts SET cleared_at = now()
		WHERE workspace_id = $1 AND conversation_id = $2 AND cleared_at IS NULL`, c.Workspace, c.ID)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("end the handoff: %w", err)
	}
	return nil
}
