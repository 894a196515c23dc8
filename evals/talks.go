package evals

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/chat"
	"handrail/internal/postgres"
	"handrail/internal/seal"
)

// Talks reads the latest conversations in which the bot took a turn, at most limit of them, the oldest first.
func Talks(ctx context.Context, db *postgres.DB, ws uuid.UUID, limit int) (talks []Talk, err error) {
	err = db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			WITH latest AS (
				SELECT id, contact_id, lang, created_at FROM conversations c
				WHERE workspace_id = $1 AND erased_at IS NULL AND EXISTS (
					SELECT FROM turns t WHERE t.workspace_id = $1 AND t.conversation_id = c.id)
				ORDER BY created_at DESC, id LIMIT $2)
			SELECT c.id, c.contact_id, c.lang, t.decision, t.reason, t.intent, t.seq, t.sealed, coalesce(reply.seq, 0),
			       reply.sealed, asked.seqs, asked.sealed
			FROM latest c JOIN turns t ON t.workspace_id = $1 AND t.conversation_id = c.id
			LEFT JOIN LATERAL (
					SELECT m.seq, m.sealed FROM messages m
					WHERE m.workspace_id = $1 AND m.conversation_id = c.id AND m.seq > t.seq AND m.sender_kind = 'bot'
					      AND m.kind = 'text'
					ORDER BY m.seq LIMIT 1) reply ON true
			CROSS JOIN LATERAL (
					SELECT array_agg(m.seq ORDER BY m.seq) AS seqs, array_agg(m.sealed ORDER BY m.seq) AS sealed FROM messages m
					WHERE m.workspace_id = $1 AND m.conversation_id = c.id AND m.seq <= t.seq AND m.sender_kind = 'visitor'
					      AND m.kind = 'text' AND m.seq > coalesce((
						SELECT max(o.seq) FROM messages o
						WHERE o.workspace_id = $1 AND o.conversation_id = c.id AND o.seq < t.seq AND o.sender_kind <> 'visitor'
						      AND o.kind = 'text'), 0)) asked
			ORDER BY c.created_at, c.id, t.seq`, ws, limit)
		if err != nil {
			return err
		}
		turns, err := pgx.CollectRows(rows, scanTalk(ws))
		if err != nil {
			return err
		}
		talks, err = openTalks(ctx, tx, db.Vault(), ws, turns)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read past conversations: %w", err)
	}
	return talks, nil
}

// sealedTurn is a turn of a talk before it is opened.
type sealedTurn struct {
	TalkTurn
	lang  string
	turn  *seal.Row
	reply *chat.Stored
	asked []*chat.Stored
}

func scanTalk(ws uuid.UUID) pgx.RowToFunc[sealedTurn] {
	return func(row pgx.CollectableRow) (sealedTurn, error) {
		s := sealedTurn{turn: &seal.Row{}, reply: &chat.Stored{}}
		var conversation, contact uuid.UUID
		var seq int64
		var seqs []int64
		var sealed [][]byte
		err := row.Scan(&conversation, &contact, &s.lang, &s.Decision, &s.Reason, &s.Intent, &seq, &s.turn.Sealed, &s.reply.Seq,
			&s.reply.Sealed, &seqs, &sealed)
		s.turn.Place = bot.TurnPlace(ws, contact, conversation, seq)
		s.reply.Conversation, s.reply.Contact = conversation, contact
		s.asked = chat.StoredAll(conversation, contact, seqs, sealed)
		return s, err
	}
}

// openTalks opens turns, which stand in the order of their conversations, and joins those of each.
func openTalks(ctx context.Context, tx pgx.Tx, v *seal.Vault, ws uuid.UUID, turns []sealedTurn) (talks []Talk, err error) {
	var rows []*seal.Row
	var said []*chat.Stored
	for _, t := range turns {
		rows, said = append(rows, t.turn), append(append(said, t.reply), t.asked...)
	}
	if err := v.Open(ctx, tx, rows...); err != nil {
		return nil, err
	}
	if err := chat.OpenStored(ctx, tx, v, ws, said...); err != nil {
		return nil, err
	}
	for _, t := range turns {
		t.Text = chat.Joined(t.asked, " ")
		if t.Decision == bot.Answer && t.reply.Data != nil {
			if t.Sources, err = sourcesCited(t.turn.Bytes(1), t.reply.Data); err != nil {
				return nil, err
			}
		}
		id := t.reply.Conversation.String()
		if len(talks) == 0 || talks[len(talks)-1].ID != id {
			talks = append(talks, Talk{ID: id, Lang: t.lang})
		}
		last := &talks[len(talks)-1]
		last.Turns = append(last.Turns, t.TalkTurn)
	}
	return talks, nil
}

// passagePlace says which passage is meant, as the record of a turn and the citations of its reply give it. Only the record has the source,
// because visitors do not see it.
type passagePlace struct{ Title, Heading, URL string }

// sourcesCited are the sources of the passages that a reply cites, in the order of its marks.
func sourcesCited(passages, reply []byte) (sources []string, err error) {
	var found []struct {
		passagePlace
		Source string
	}
	var said struct{ Citations []passagePlace }
	if err := json.Unmarshal(passages, &found); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(reply, &said); err != nil {
		return nil, err
	}
	for _, c := range said.Citations {
		for _, p := range found {
			if p.passagePlace == c && !slices.Contains(sources, p.Source) {
				sources = append(sources, p.Source)
			}
		}
	}
	return sources, nil
}
