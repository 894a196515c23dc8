package handoff

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// Enqueue puts a conversation into the queue for people. It runs inside a [chat.Decision], whose transaction it joins:
// it sets StateQueued, raises the epoch so that nobody else may speak any more, and stores the evidence. The caller
// appends [chat.HandoffEntry]. Only a conversation with the bot can be queued; another gives errs.Conflict.
func (d *Desk) Enqueue(ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff) error {
	if c.State != chat.StateBot {
		return errs.New(errs.Conflict, "this conversation is not with the bot: it is %q", c.State)
	}
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
	return nil
}

// listOf is the JSON of an optional list.
func listOf(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("[]")
	}
	return raw
}
