package handoff

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/webhook"
)

// Enqueue puts a conversation into the queue for people. It runs inside a [chat.Decision], whose transaction it joins:
// it sets StateQueued, raises the epoch so that nobody else may speak any more, and stores the evidence. The caller
// appends [chat.HandoffEntry]. The workspace's rules say which group it is for. Only a conversation with the bot can be queued; another gives errs.Conflict.
func (d *Desk) Enqueue(ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff) error {
	if c.State != chat.StateBot {
		return errs.New(errs.Conflict, "this conversation is not with the bot: it is %q", c.State)
	}
	at := time.Now()
	to, err := d.route(ctx, tx, c, h, at)
	if err != nil {
		return fmt.Errorf("route the conversation: %w", err)
	}
	h.Group, h.Priority = cmp.Or(to.Group, h.Group), h.Priority+to.Priority
	c.State, c.Priority = chat.StateQueued, h.Priority
	c.Epoch++
	sealed, err := d.db.Vault().Seal(ctx, tx, evidencePlace(c.Workspace, c.Contact, c.ID, h.TurnSeq),
		[]byte(h.Summary), listOf(h.Entities), listOf(h.Passages))
	if err != nil {
		return fmt.Errorf("seal the evidence: %w", err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO handoffs (workspace_id, conversation_id, reason, team, intent, lang, confidence, priority, sealed,
		                      turn_seq, waiting_since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())`,
		c.Workspace, c.ID, h.Reason, h.Group, h.Intent, h.Lang, h.Confidence, h.Priority, sealed, h.TurnSeq)
	if err != nil {
		return fmt.Errorf("queue the conversation: %w", err)
	}
	if err := place(ctx, tx, c, h.Group, to, at); err != nil {
		return err
	}
	return d.emit(ctx, tx, c, webhook.Queued, map[string]any{"reason": h.Reason, "group": h.Group, "priority": h.Priority})
}

// place stores what the rules ask of an agent, and when the desk opens if it is closed.
func place(ctx context.Context, tx pgx.Tx, c *chat.Conversation, team string, to routing.Route, at time.Time) error {
	opens, err := opensAt(ctx, tx, c.Workspace, team, at)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE handoffs SET need = $3, rule = $4, opens_at = $5, from_seq = $6
		WHERE workspace_id = $1 AND conversation_id = $2 AND ended_at IS NULL`,
		c.Workspace, c.ID, to.Need(""), to.Rule, opens, c.LastSeq)
	if err != nil {
		return fmt.Errorf("place the conversation in the queue: %w", err)
	}
	return nil
}

// listOf is the JSON of an optional list.
func listOf(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("[]")
	}
	return raw
}
