package curation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/chat"
	"handrail/internal/text"
)

// sameQuestion is the least likeness at which a question is taken for that of an open draft.
const sameQuestion = 0.85

// escalation is an ended handoff.
type escalation struct {
	Workspace, Conversation uuid.UUID
	ID                      int64
	TurnSeq                 int64 // the visitor's message that led to it
	Lang                    string
}

// offered lists the reasons whose escalations are offered: the question was one for the base. A model that fails says
// nothing of the base, but what the person answered is worth as much.
func offered() []string { return append(lackOfKnowledge(), bot.ReasonModelFailure) }

// derive looks at the escalations that ended within the time given and were not looked at yet. A failure in one does not
// keep it from others.
func (c *Curator) derive(ctx context.Context, within time.Duration) error {
	var after time.Time
	var failures []error
	for {
		list, last, err := c.pending(ctx, within, after)
		if err != nil || len(list) == 0 {
			return errors.Join(append(failures, err)...)
		}
		for _, e := range list {
			failures = append(failures, c.offer(ctx, e))
		}
		after = last
	}
}

// pending reads the oldest escalations that an agent ended after a moment and nobody has looked at.
func (c *Curator) pending(
	ctx context.Context, within time.Duration, after time.Time,
) (list []escalation, last time.Time, err error) {
	err = c.c.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT h.workspace_id, h.conversation_id, h.id, h.turn_seq, h.lang, h.ended_at FROM handoffs h
			WHERE h.ended_at > greatest(now() - $1::interval, $2) AND h.reason = ANY ($3)
			      AND NOT EXISTS (SELECT FROM draft_sources s
			                      WHERE s.workspace_id = h.workspace_id AND s.handoff_id = h.id)
			      AND EXISTS (SELECT FROM assignments a
			                  WHERE a.workspace_id = h.workspace_id AND a.handoff_id = h.id)
			ORDER BY h.ended_at, h.id LIMIT $4`, within, after, offered(), batch)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e escalation, err error) {
			err = row.Scan(&e.Workspace, &e.Conversation, &e.ID, &e.TurnSeq, &e.Lang, &last)
			return e, err
		})
		return err
	})
	if err != nil {
		err = fmt.Errorf("look for ended handoffs: %w", err)
	}
	return list, last, err
}

// offer makes a draft of one escalation, or raises the count of one that asks the same, or notes that there is nothing
// to offer. All of it is one transaction, which does nothing if another node was faster.
func (c *Curator) offer(ctx context.Context, e escalation) error {
	err := c.c.DB.InTx(ctx, e.Workspace, func(tx pgx.Tx) error {
		if mine, err := claim(ctx, tx, e); !mine || err != nil {
			return err
		}
		said, err := c.transcript(ctx, tx, e)
		if err != nil {
			return err
		}
		answer := clip(c.c.Mask(joined(said.agent)), MaxAnswer)
		asked := c.presentable(said.visitor)
		if answer == "" || len(text.Words(asked)) == 0 {
			return nil
		}
		id, err := c.draftFor(ctx, tx, e, asked, answer)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE draft_sources SET draft_id = $3 WHERE workspace_id = $1 AND handoff_id = $2`, e.Workspace, e.ID, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("offer the answer of handoff %d: %w", e.ID, err)
	}
	return nil
}

// claim makes an escalation this transaction's, if no other has looked at it. Drafts of one workspace are made one after
// the other, so that two escalations with the same question see each other.
func claim(ctx context.Context, tx pgx.Tx, e escalation) (bool, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM workspaces WHERE id = $1 FOR NO KEY UPDATE`, e.Workspace); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO draft_sources (workspace_id, handoff_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, e.Workspace, e.ID)
	return tag.RowsAffected() > 0, err
}

// said is what an escalation was about.
type said struct {
	visitor string   // the question that led to it
	agent   []string // the agents' texts, in order
}

// transcript reads the visitor's unanswered messages up to the one that led to the handoff, those before a clarifying
// question included, and what agents wrote from there until they closed the conversation or gave it back.
func (c *Curator) transcript(ctx context.Context, tx pgx.Tx, e escalation) (s said, err error) {
	var contact uuid.UUID
	var asked, answered []int64
	var question, answers [][]byte
	err = tx.QueryRow(ctx, `
		WITH message AS (
			SELECT seq, sender_kind, kind, sealed FROM messages WHERE workspace_id = $1 AND conversation_id = $2
		), previous AS (
			SELECT seq, decision FROM turns WHERE workspace_id = $1 AND conversation_id = $2 AND seq < $3
			ORDER BY seq DESC LIMIT 1
		), span AS (
			SELECT coalesce(max(seq) FILTER (
			           WHERE kind IN ('closed', 'returned') AND seq < $3
			              OR kind = 'text' AND sender_kind <> 'visitor'
			                 AND seq < coalesce((SELECT seq FROM previous WHERE decision = 'clarify'), $3)), 0) AS after,
			       coalesce(min(seq) FILTER (WHERE kind IN ('closed', 'returned') AND seq > $3),
			                9223372036854775807) AS until
			FROM message
		)
		SELECT (SELECT contact_id FROM conversations WHERE workspace_id = $1 AND id = $2),
		       array_agg(seq ORDER BY seq) FILTER (WHERE sender_kind = 'visitor' AND seq > after AND seq <= $3),
		       array_agg(sealed ORDER BY seq) FILTER (WHERE sender_kind = 'visitor' AND seq > after AND seq <= $3),
		       array_agg(seq ORDER BY seq) FILTER (WHERE sender_kind = 'agent' AND seq > $3 AND seq < until),
		       array_agg(sealed ORDER BY seq) FILTER (WHERE sender_kind = 'agent' AND seq > $3 AND seq < until)
		FROM message, span WHERE kind = 'text'`,
		e.Workspace, e.Conversation, e.TurnSeq).Scan(&contact, &asked, &question, &answered, &answers)
	if err != nil {
		return said{}, fmt.Errorf("read conversation %s: %w", e.Conversation, err)
	}
	visitor := chat.StoredAll(e.Conversation, contact, asked, question)
	agent := chat.StoredAll(e.Conversation, contact, answered, answers)
	if err := chat.OpenStored(ctx, tx, c.c.DB.Vault(), e.Workspace, slices.Concat(visitor, agent)...); err != nil {
		return said{}, err
	}
	s.visitor = chat.Joined(visitor, "\n")
	for _, a := range agent {
		s.agent = append(s.agent, a.Body)
	}
	return s, nil
}

// draftFor returns the open draft with the same question, its count raised, or else a new one.
func (c *Curator) draftFor(ctx context.Context, tx pgx.Tx, e escalation, asked, answer string) (uuid.UUID, error) {
	if id, err := c.sameDraft(ctx, tx, e.Workspace, asked); err != nil || id != uuid.Nil {
		return id, err
	}
	d := Draft{ID: uuid.NewSHA1(e.Workspace, []byte("handoff "+strconv.FormatInt(e.ID, 10))), Question: asked,
		Asked: asked, Answer: answer, Lang: text.Detect(answer, e.Lang), Collection: DefaultCollection, Count: 1,
		Conversation: &e.Conversation}
	if err := c.insertDraft(ctx, tx, e.Workspace, d); err != nil {
		return uuid.Nil, err
	}
	return d.ID, record(ctx, tx, e.Workspace, "system", "draft.offer", d)
}

// sameDraft finds the open draft that asks the same in about the same words, and raises its count.
func (c *Curator) sameDraft(ctx context.Context, tx pgx.Tx, ws uuid.UUID, asked string) (uuid.UUID, error) {
	drafts, err := c.drafts(ctx, tx, ws, `
		SELECT `+draftColumns+` FROM drafts WHERE workspace_id = $1 AND state = 'open' ORDER BY id`, ws)
	if err != nil {
		return uuid.Nil, err
	}
	var ids []uuid.UUID
	questions := []string{asked}
	for _, d := range drafts {
		ids, questions = append(ids, d.ID), append(questions, d.Question)
		if d.Asked != "" {
			ids, questions = append(ids, d.ID), append(questions, d.Asked)
		}
	}
	best, most := uuid.Nil, 0.0
	for _, n := range neighbours(vectors(questions), sameQuestion)[0] {
		if n.likeness > most {
			best, most = ids[n.index-1], n.likeness
		}
	}
	if best == uuid.Nil {
		return best, nil
	}
	_, err = tx.Exec(ctx, `
		UPDATE drafts SET count = count + 1, updated_at = now() WHERE workspace_id = $1 AND id = $2`, ws, best)
	return best, err
}
