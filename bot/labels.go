package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
		if l.Verdicts, err = labelled(ctx, tx, 1, `
			SELECT t.features, v.correct, coalesce(m.body, '')
			FROM turn_verdicts v
			JOIN turns t USING (workspace_id, conversation_id, seq)
			LEFT JOIN messages m USING (workspace_id, conversation_id, seq)
			WHERE v.workspace_id = $1 ORDER BY v.at DESC, v.conversation_id, v.seq LIMIT $2`, ws); err != nil {
			return err
		}
		l.Ratings, err = labelled(ctx, tx, ratingWeight, ratingsSQL, ws)
		return err
	})
	if err != nil {
		return Labels{}, fmt.Errorf("read the judged turns: %w", err)
	}
	return l, nil
}

// ratingsSQL takes the last rating of each conversation that no person was ever asked into. A verdict on the same turn
// says more and is counted instead.
const ratingsSQL = `
	SELECT t.features, r.score >= 4, coalesce(m.body, '')
	FROM (
		SELECT DISTINCT ON (conversation_id) conversation_id, seq, (data ->> 'score')::int AS score
		FROM messages WHERE workspace_id = $1 AND kind = 'csat' ORDER BY conversation_id, seq DESC
	) r
	JOIN turns t ON t.workspace_id = $1 AND t.conversation_id = r.conversation_id AND t.seq < r.seq
	LEFT JOIN messages m ON m.workspace_id = $1 AND m.conversation_id = t.conversation_id AND m.seq = t.seq
	WHERE r.score <> 3 AND t.decision = 'answer' AND t.reason = 'confident'
		AND NOT EXISTS (SELECT FROM handoffs h WHERE h.workspace_id = $1 AND h.conversation_id = r.conversation_id)
		AND NOT EXISTS (SELECT FROM turn_verdicts v
			WHERE v.workspace_id = $1 AND v.conversation_id = t.conversation_id AND v.seq = t.seq)
	ORDER BY t.at DESC, t.conversation_id, t.seq LIMIT $2`

func labelled(ctx context.Context, tx pgx.Tx, weight float64, sql string, ws uuid.UUID) ([]Labelled, error) {
	rows, err := tx.Query(ctx, sql, ws, labelsRead)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Labelled, error) {
		var features map[string]float64
		var question string
		l := Labelled{Weight: weight}
		err := row.Scan(&features, &l.Right, &question)
		l.Features, l.Group = FeaturesOf(features), GroupOf(question)
		return l, err
	})
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
