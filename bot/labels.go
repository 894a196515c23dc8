package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/text"
)

// labelsRead is how many of the latest labelled turns of each kind are used: what was right years ago says little.
const labelsRead = 5000

// ratingWeight is what a rating says about one of the answers before it, beside a person's verdict on that answer:
// visitors rate the whole conversation, the outcome, and sometimes the delivery.
const ratingWeight = 0.3

// Labels are turns of live conversations whose replies people have judged.
type Labels struct {
	Verdicts []Labelled // judged by agents
	Ratings  []Labelled // answers in conversations without a person, which the visitor rated well (4, 5) or badly (1, 2)
}

// Labels reads the judged turns of a workspace, the latest of each kind first.
func (b *Bot) Labels(ctx context.Context, ws uuid.UUID) (l Labels, err error) {
	err = b.c.DB.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
		if l.Verdicts, err = b.labelled(ctx, tx, ws, verdictsSQL, byVerdict); err != nil {
			return err
		}
		l.Ratings, err = b.labelled(ctx, tx, ws, ratingsSQL, byRating)
		return err
	})
	if err != nil {
		return Labels{}, fmt.Errorf("read the judged turns: %w", err)
	}
	return l, nil
}

const verdictsSQL = `
	SELECT t.features, v.correct, t.conversation_id, c.contact_id, t.seq, m.sealed, 0, NULL::bytea
	FROM turn_verdicts v
	JOIN turns t USING (workspace_id, conversation_id, seq)
	LEFT JOIN messages m USING (workspace_id, conversation_id, seq)
	JOIN conversations c ON c.workspace_id = v.workspace_id AND c.id = v.conversation_id
	WHERE v.workspace_id = $1 ORDER BY v.at DESC, v.conversation_id, v.seq LIMIT $2`

// ratingsSQL takes the last rating of each conversation that no person was ever asked into. A verdict on the same turn
// says more and is counted instead.
const ratingsSQL = `
	SELECT t.features, false, t.conversation_id, c.contact_id, t.seq, m.sealed, r.seq, r.sealed
	FROM (
		SELECT DISTINCT ON (conversation_id) conversation_id, seq, sealed
		FROM messages WHERE workspace_id = $1 AND kind = 'csat' ORDER BY conversation_id, seq DESC
	) r
	JOIN conversations c ON c.workspace_id = $1 AND c.id = r.conversation_id
	JOIN turns t ON t.workspace_id = $1 AND t.conversation_id = r.conversation_id AND t.seq < r.seq
	LEFT JOIN messages m ON m.workspace_id = $1 AND m.conversation_id = t.conversation_id AND m.seq = t.seq
	WHERE t.decision = 'answer' AND t.reason = 'confident'
		AND NOT EXISTS (SELECT FROM handoffs h WHERE h.workspace_id = $1 AND h.conversation_id = r.conversation_id)
		AND NOT EXISTS (SELECT FROM turn_verdicts v
			WHERE v.workspace_id = $1 AND v.conversation_id = t.conversation_id AND v.seq = t.seq)
	ORDER BY t.at DESC, t.conversation_id, t.seq LIMIT $2`

// labelRow is a turn with what was said and, for a rating, with that.
type labelRow struct {
	features         map[string]float64
	right            bool
	question, rating chat.Stored
}

// byVerdict labels a turn as a person did.
func byVerdict(r labelRow) (Labelled, bool, error) {
	return Labelled{Right: r.right, Weight: 1}, true, nil
}

// byRating labels a turn as the visitor did. A 3 says nothing.
func byRating(r labelRow) (Labelled, bool, error) {
	var rating struct{ Score int }
	if r.rating.Erased {
		return Labelled{}, false, nil
	}
	err := json.Unmarshal(r.rating.Data, &rating)
	return Labelled{Right: rating.Score >= 4, Weight: ratingWeight}, rating.Score != 3, err
}

// labelled reads turns and labels them. Those of erased visitors are left out: whether two of them asked the same cannot
// be said any more.
func (b *Bot) labelled(
	ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string, label func(labelRow) (Labelled, bool, error),
) ([]Labelled, error) {
	found, err := b.labelRows(ctx, tx, ws, sql)
	if err != nil {
		return nil, err
	}
	var list []Labelled
	for _, r := range found {
		l, use, err := label(*r)
		if err != nil {
			return nil, fmt.Errorf("decode a rating: %w", err)
		}
		if !use || r.question.Erased {
			continue
		}
		l.Features, l.Group = FeaturesOf(r.features), GroupOf(r.question.Body)
		list = append(list, l)
	}
	return list, nil
}

func (b *Bot) labelRows(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string) ([]*labelRow, error) {
	rows, err := tx.Query(ctx, sql, ws, labelsRead)
	if err != nil {
		return nil, err
	}
	var sealed []*chat.Stored
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*labelRow, error) {
		r := &labelRow{}
		q, a := &r.question, &r.rating
		err := row.Scan(&r.features, &r.right, &q.Conversation, &q.Contact, &q.Seq, &q.Sealed, &a.Seq, &a.Sealed)
		a.Conversation, a.Contact = q.Conversation, q.Contact
		sealed = append(sealed, q, a)
		return r, err
	})
	if err != nil {
		return nil, err
	}
	return found, chat.OpenStored(ctx, tx, b.c.DB.Vault(), ws, sealed...)
}

// GroupOf names the questions that say the same in other words around it: those with the same content words.
func GroupOf(question string) string {
	var terms []string
	for term := range termSet(question) {
		if !text.IsFunction(term) {
			terms = append(terms, term)
		}
	}
	slices.Sort(terms)
	return strings.Join(terms, " ")
}
