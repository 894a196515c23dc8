package knowledge

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/internal/errs"
)

// pivotTolerance is how far the average length may drift from the one that the stored weights were computed with
// before they are computed again. Ranking hardly feels 10 %, and a growing base crosses it ever more rarely.
const pivotTolerance = 0.10

// statistics are the totals of one workspace, locked, and the changes to them.
type statistics struct {
	ws       uuid.UUID
	version  int64
	passages int64
	length   float64
	pivot    float64
	df       map[int32]int // change per term
}

// lockStatistics makes the writers of a workspace take turns until the transaction ends.
func lockStatistics(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (*statistics, error) {
	s := &statistics{ws: ws, df: make(map[int32]int)}
	err := tx.QueryRow(ctx, `
		INSERT INTO knowledge_stats AS s (workspace_id, passages, length, pivot, version) VALUES ($1, 0, 0, 0, 1)
		ON CONFLICT (workspace_id) DO UPDATE SET version = s.version + 1
		RETURNING version, passages, length, pivot`, ws).Scan(&s.version, &s.passages, &s.length, &s.pivot)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == pgerrcode.ForeignKeyViolation {
		return nil, errs.Wrap(err, errs.NotFound, "there is no workspace %s", ws)
	}
	return s, err
}

// count adds (sign +1) or takes away (sign -1) one passage.
func (s *statistics) count(b bag, sign int) {
	s.passages += int64(sign)
	s.length += float64(sign) * b.length
	for id := range b.counts {
		s.df[id] += sign
	}
}

// forget deletes the passages of documents and takes them out of the statistics. Duplicates of them elsewhere take
// their place.
func (s *statistics) forget(ctx context.Context, tx pgx.Tx, documents []uuid.UUID) error {
	rows, err := tx.Query(ctx, `
		SELECT t.passage_id, t.length, t.weights
		FROM passages p JOIN passage_terms t ON t.workspace_id = p.workspace_id AND t.passage_id = p.id
		WHERE p.workspace_id = $1 AND p.document_id = ANY ($2)`, s.ws, documents)
	if err != nil {
		return err
	}
	var removed []int64
	var id int64
	var length float64
	var weights storedWeights
	_, err = pgx.ForEachRow(rows, []any{&id, &length, &weights}, func() error {
		removed = append(removed, id)
		s.count(bagFrom(weights, length, s.pivot), -1)
		return nil
	})
	if err != nil {
		return err
	}
	if len(removed) > 0 {
		if err := s.promote(ctx, tx, removed, documents); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM passages WHERE workspace_id = $1 AND document_id = ANY ($2)`, s.ws, documents)
	return err
}

// adjustPivot computes the stored weights again where the average length has drifted too far from their pivot.
func (s *statistics) adjustPivot(ctx context.Context, tx pgx.Tx) error {
	if s.passages == 0 {
		return nil
	}
	average := s.length / float64(s.passages)
	if s.pivot > 0 && math.Abs(average/s.pivot-1) <= pivotTolerance {
		return nil
	}
	old := s.pivot
	s.pivot = float64(float32(average)) // as the column stores it
	return s.reweigh(ctx, tx, old)
}

// reweigh rewrites every row of passage_terms from the pivot old to the current one, a batch at a time.
func (s *statistics) reweigh(ctx context.Context, tx pgx.Tx, old float64) error {
	for after := int64(0); ; {
		rows, err := tx.Query(ctx, `
			SELECT passage_id, length, weights FROM passage_terms
			WHERE workspace_id = $1 AND passage_id > $2 ORDER BY passage_id LIMIT $3`, s.ws, after, batchSize)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		var length float64
		var weights storedWeights
		_, err = pgx.ForEachRow(rows, []any{&after, &length, &weights}, func() error {
			batch.Queue(`UPDATE passage_terms SET weights = $3 WHERE workspace_id = $1 AND passage_id = $2`,
				s.ws, after, bagFrom(weights, length, old).weights(s.pivot))
			return nil
		})
		if err != nil || batch.Len() == 0 {
			return err
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
	}
}

// save writes the changes back.
func (s *statistics) save(ctx context.Context, tx pgx.Tx) error {
	maps.DeleteFunc(s.df, func(_ int32, change int) bool { return change == 0 })
	terms := slices.Sorted(maps.Keys(s.df))
	changes := make([]int, len(terms))
	for i, t := range terms {
		changes[i] = s.df[t]
	}
	batch := &pgx.Batch{}
	// A term that loses passages is stored, so only growth can insert; an insert of a negative count would break the
	// check constraint before it met the conflict.
	batch.Queue(`
		INSERT INTO knowledge_terms AS k (workspace_id, term, df)
		SELECT $1, term, change FROM unnest($2::int[], $3::int[]) AS c (term, change) WHERE change > 0
		ON CONFLICT (workspace_id, term) DO UPDATE SET df = k.df + excluded.df`, s.ws, terms, changes)
	batch.Queue(`
		UPDATE knowledge_terms k SET df = k.df + c.change
		FROM unnest($2::int[], $3::int[]) AS c (term, change)
		WHERE k.workspace_id = $1 AND k.term = c.term AND c.change < 0`, s.ws, terms, changes)
	batch.Queue(`
		DELETE FROM knowledge_terms WHERE workspace_id = $1 AND term = ANY ($2) AND df = 0`, s.ws, terms)
	batch.Queue(`
		UPDATE knowledge_stats SET passages = $2, length = $3, pivot = $4 WHERE workspace_id = $1`,
		s.ws, s.passages, s.length, s.pivot)
	return tx.SendBatch(ctx, batch).Close()
}
