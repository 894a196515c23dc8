package handoff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/webhook"
)

// relayBatch is how many conversations are looked at together.
const relayBatch = 100

// Relay tells webhooks about the texts and files of conversations since the last time, each once, and returns how many it
// told. Messages are not told where they are stored, because the way there is shared by many; a mark on each conversation
// says how far it has been told, and moves in the transaction that enqueues the events. Conversations that were closed
// more than an hour ago, and messages from before the first webhook for them, are left out.
func (d *Desk) Relay(ctx context.Context, ws uuid.UUID) (told int, err error) {
	var behind []uuid.UUID
	var since *time.Time
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT min(created_at) FROM webhooks
			WHERE workspace_id = $1 AND $2 = ANY(events) AND disabled_at IS NULL`, ws, webhook.Message).Scan(&since)
		if err != nil || since == nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT c.id FROM conversations c
			LEFT JOIN webhook_marks k ON k.workspace_id = c.workspace_id AND k.conversation_id = c.id
			WHERE c.workspace_id = $1 AND c.updated_at >= $2 AND c.last_seq > coalesce(k.seq, 0)
			      AND (c.state <> 'closed' OR c.closed_at > now() - interval '1 hour')
			LIMIT $3`, ws, *since, relayBatch)
		if err != nil {
			return err
		}
		behind, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	for _, id := range behind {
		if err != nil {
			break
		}
		var n int
		n, err = d.relay(ctx, ws, id, *since)
		told += n
	}
	if err != nil {
		return told, fmt.Errorf("tell webhooks about messages: %w", err)
	}
	return told, nil
}

// relay tells about one conversation. Its mark is locked, so that one node at a time does.
func (d *Desk) relay(ctx context.Context, ws, id uuid.UUID, since time.Time) (told int, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		var mark int64
		err := tx.QueryRow(ctx, `
			INSERT INTO webhook_marks (workspace_id, conversation_id, seq) VALUES ($1, $2, 0)
			ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET seq = webhook_marks.seq RETURNING seq`, ws, id).Scan(&mark)
		if err != nil {
			return err
		}
		fresh, err := d.log.ReadWithin(ctx, tx, ws, id, mark, 0)
		if err != nil || len(fresh) == 0 {
			return err
		}
		for _, m := range fresh {
			if m.At.Before(since) || m.Kind != chat.KindText && m.Kind != "file" {
				continue
			}
			without, with := eventOf(m)
			if err := d.config.Hooks.EmitBoth(ctx, tx, ws, webhook.Message, without, with); err != nil {
				return err
			}
			told++
		}
		_, err = tx.Exec(ctx, `
			UPDATE webhook_marks SET seq = $3 WHERE workspace_id = $1 AND conversation_id = $2`,
			ws, id, fresh[len(fresh)-1].Seq)
		return err
	})
	return told, err
}

// eventOf describes a message without and with its words.
func eventOf(m chat.Message) (without, with map[string]any) {
	without = map[string]any{"conversation": m.Conversation, "seq": m.Seq, "kind": m.Kind, "sender": m.Sender.Kind, "at": m.At}
	with = map[string]any{"conversation": m.Conversation, "seq": m.Seq, "kind": m.Kind, "sender": m.Sender.Kind, "at": m.At,
		"body": m.Body}
	return without, with
}
