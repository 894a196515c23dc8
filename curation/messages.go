package curation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/chat"
)

// maxMessages is how many of the latest messages [Curator.Messages] reads.
const maxMessages = 5000

// Message is something that a visitor said to the bot, as it was said: whoever shows it masks personal data first.
type Message struct {
	Conversation uuid.UUID
	Seq          int64
	Text         string
	Lang         string // ISO 639-1
	At           time.Time
	Answered     bool // the bot answered, and nobody was asked to take over
}

// Messages returns the messages of the last days that the bot took a turn on, the latest first, at most 5,000 of them.
// What was said in answer to a clarifying question is left out: it is no message of its own.
func (c *Curator) Messages(ctx context.Context, ws uuid.UUID, days int) (list []Message, err error) {
	err = c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT t.conversation_id, c.contact_id, t.seq, m.sealed, t.lang, t.at, t.decision = $4
			FROM turns t
			JOIN conversations c ON c.workspace_id = t.workspace_id AND c.id = t.conversation_id AND c.erased_at IS NULL
			JOIN messages m ON m.workspace_id = t.workspace_id AND m.conversation_id = t.conversation_id AND m.seq = t.seq
			LEFT JOIN LATERAL (
				SELECT p.decision FROM turns p
				WHERE p.workspace_id = t.workspace_id AND p.conversation_id = t.conversation_id AND p.seq < t.seq
				ORDER BY p.seq DESC LIMIT 1) before ON true
			WHERE t.workspace_id = $1 AND t.at >= now() - make_interval(days => $2) AND t.reason <> $5
			      AND m.kind = 'text' AND m.sender_kind = 'visitor' AND before.decision IS DISTINCT FROM $6
			ORDER BY t.at DESC, t.conversation_id, t.seq LIMIT $3`,
			ws, days, maxMessages, string(bot.Answer), bot.ReasonAskedForPerson, string(bot.Clarify))
		if err != nil {
			return err
		}
		var words []*chat.Stored
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Message, err error) {
			s := &chat.Stored{}
			err = row.Scan(&m.Conversation, &s.Contact, &m.Seq, &s.Sealed, &m.Lang, &m.At, &m.Answered)
			s.Conversation, s.Seq = m.Conversation, m.Seq
			words = append(words, s)
			return m, err
		})
		if err != nil {
			return err
		}
		if err := chat.OpenStored(ctx, tx, c.c.DB.Vault(), ws, words...); err != nil {
			return err
		}
		for i := range list {
			list[i].Text = words[i].Body
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what visitors said: %w", err)
	}
	return list, nil
}
