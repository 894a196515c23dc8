package curation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/chat"
)

const (
	// maxQuestions is how many questions are grouped; older ones are left out.
	maxQuestions = 5000
	// maxQuestion is the longest question, in characters. What is longer is a letter, of which the start says the matter.
	maxQuestion = 500
	// maxLetter is how much of a letter is looked at, in characters.
	maxLetter = 4000
)

// lackOfKnowledge lists the reasons of handoffs that say something about the base. Who asked for a person, was angry or
// touched a sensitive matter would have got one whatever the base holds.
func lackOfKnowledge() []string {
	return []string{bot.ReasonLowConfidence, bot.ReasonOutOfScope, bot.ReasonNoAnswer}
}

// unanswered reads the questions since a moment that the bot handed off for lack of knowledge, or asked back about and
// never heard of again. What the visitor said to a clarifying question is part of the question. The turns without an
// answer have an index of their own: of the others only predecessors are read.
func (c *Curator) unanswered(ctx context.Context, ws uuid.UUID, since time.Time) ([]question, error) {
	var list []question
	err := c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			WITH recent AS (
				SELECT conversation_id, seq, lang, reason, at FROM turns t
				WHERE workspace_id = $1 AND at >= $2 AND decision <> 'answer'
				      AND (decision = 'handoff' AND reason = ANY ($3) OR decision = 'clarify' AND NOT EXISTS (
				          SELECT FROM turns n
				          WHERE n.workspace_id = $1 AND n.conversation_id = t.conversation_id AND n.seq > t.seq))
				ORDER BY at DESC, conversation_id, seq LIMIT $4
			)
			SELECT t.conversation_id, c.contact_id, t.seq, asked.seqs, asked.sealed, t.lang, t.reason, t.at, d.seq IS NOT NULL
			FROM recent t
			JOIN conversations c ON c.workspace_id = $1 AND c.id = t.conversation_id
			LEFT JOIN LATERAL (
				SELECT p.seq, p.decision FROM turns p
				WHERE p.workspace_id = $1 AND p.conversation_id = t.conversation_id AND p.seq < t.seq
				ORDER BY p.seq DESC LIMIT 1) before ON true
			CROSS JOIN LATERAL (
				SELECT array_agg(m.seq ORDER BY m.seq) AS seqs, array_agg(m.sealed ORDER BY m.seq) AS sealed FROM messages m
				WHERE m.workspace_id = $1 AND m.conversation_id = t.conversation_id AND m.sender_kind = 'visitor'
				      AND m.kind = 'text' AND m.seq <= t.seq AND m.seq > coalesce((
				          SELECT max(b.seq) FROM messages b
				          WHERE b.workspace_id = $1 AND b.conversation_id = t.conversation_id
				                AND (b.kind IN ('closed', 'returned') AND b.seq < t.seq
				                     OR b.kind = 'text' AND b.sender_kind <> 'visitor' AND b.seq < CASE before.decision WHEN 'clarify' THEN before.seq ELSE t.seq END)), 0)) asked
			LEFT JOIN gap_dismissals d
				ON d.workspace_id = $1 AND d.conversation_id = t.conversation_id AND d.seq = t.seq`,
			ws, since, lackOfKnowledge(), maxQuestions)
		if err != nil {
			return err
		}
		var words [][]*chat.Stored
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (q question, err error) {
			var contact uuid.UUID
			var seqs []int64
			var sealed [][]byte
			err = row.Scan(&q.conversation, &contact, &q.seq, &seqs, &sealed, &q.lang, &q.reason, &q.at, &q.dismissed)
			words = append(words, chat.StoredAll(q.conversation, contact, seqs, sealed))
			return q, err
		})
		if err != nil {
			return err
		}
		if err := chat.OpenStored(ctx, tx, c.c.DB.Vault(), ws, slices.Concat(words...)...); err != nil {
			return err
		}
		for i := range list {
			list[i].text = c.presentable(clip(chat.Joined(words[i], "\n"), maxLetter))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read unanswered questions: %w", err)
	}
	return list, nil
}

// presentable is a visitor's message as a question on one line, without courtesies and personal data.
func (c *Curator) presentable(s string) string {
	s = clean(s)
	if kept := withoutCourtesies(s); kept != "" {
		s = kept
	}
	return clip(line(c.c.Mask(s)), maxQuestion)
}
