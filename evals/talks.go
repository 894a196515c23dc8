package evals

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/postgres"
)

// Talks reads the latest conversations in which the bot took a turn, at most limit of them, the oldest first.
func Talks(ctx context.Context, db *postgres.DB, ws uuid.UUID, limit int) (talks []Talk, err error) {
	err = db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			WITH latest AS (
				SELECT id, lang, created_at FROM conversations c
				WHERE workspace_id = $1 AND EXISTS (
					SELECT FROM turns t WHERE t.workspace_id = $1 AND t.conversation_id = c.id)
				ORDER BY created_at DESC, id LIMIT $2)
			SELECT c.id::text, c.lang, t.decision, t.reason, t.intent, t.passages, coalesce((
					SELECT m.data FROM messages m
					WHERE m.workspace_id = $1 AND m.conversation_id = c.id AND m.seq > t.seq AND m.sender_kind = 'bot'
					      AND m.kind = 'text'
					ORDER BY m.seq LIMIT 1), '{}'),
				coalesce((
					SELECT string_agg(m.body, ' ' ORDER BY m.seq) FROM messages m
					WHERE m.workspace_id = $1 AND m.conversation_id = c.id AND m.seq <= t.seq AND m.sender_kind = 'visitor'
					      AND m.kind = 'text' AND m.seq > coalesce((
						SELECT max(o.seq) FROM messages o
						WHERE o.workspace_id = $1 AND o.conversation_id = c.id AND o.seq < t.seq AND o.sender_kind <> 'visitor'
						      AND o.kind = 'text'), 0)), '')
			FROM latest c JOIN turns t ON t.workspace_id = $1 AND t.conversation_id = c.id
			ORDER BY c.created_at, c.id, t.seq`, ws, limit)
		if err != nil {
			return err
		}
		for rows.Next() {
			if talks, err = appendTurn(talks, rows); err != nil {
				rows.Close()
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read past conversations: %w", err)
	}
	return talks, nil
}

func appendTurn(talks []Talk, row pgx.Row) ([]Talk, error) {
	var id, lang string
	var turn TalkTurn
	var passages, reply []byte
	if err := row.Scan(&id, &lang, &turn.Decision, &turn.Reason, &turn.Intent, &passages, &reply, &turn.Text); err != nil {
		return nil, err
	}
	if turn.Decision == bot.Answer {
		var err error
		if turn.Sources, err = sourcesCited(passages, reply); err != nil {
			return nil, err
		}
	}
	if len(talks) == 0 || talks[len(talks)-1].ID != id {
		talks = append(talks, Talk{ID: id, Lang: lang})
	}
	last := &talks[len(talks)-1]
	last.Turns = append(last.Turns, turn)
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
