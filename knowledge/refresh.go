package knowledge

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"handrail/internal/postings"
)

// catchUpAtMost is how many new passages a search takes into the index by itself. More are left to
// the loader, and the search is a scan.
const catchUpAtMost = 2000

// refresh brings a workspace's index up to date, or loads it, unless that would take more than most new passages; 0 is
// no limit. It returns nil if it did not. The caller holds h.loading.
func (b *Base) refresh(ctx context.Context, ws uuid.UUID, h *heldIndex, most int) (*index, error) {
	old := index{version: -1} // passages of before this column count as version 0
	if ix := h.current.Load(); ix != nil {
		old = *ix
	}
	next := index{postings: old.postings}
	complete := true
	err := b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		// All of it must be of one moment.
		if _, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT version, passages, pivot FROM knowledge_stats WHERE workspace_id = $1`, ws).
			Scan(&next.version, &next.passages, &next.pivot)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // nothing was ever stored
		}
		if err != nil {
			return err
		}
		if complete, err = next.takeNew(ctx, tx, ws, old.version, most); err != nil || !complete {
			return err
		}
		return next.dropRemoved(ctx, tx, ws)
	})
	if err != nil || !complete {
		return nil, err
	}
	h.current.Store(&next)
	b.indexes.makeRoom(ws)
	return &next, nil
}

// takeNew adds the passages that came after a version. It returns false if there are more than most.
func (x *index) takeNew(ctx context.Context, tx pgx.Tx, ws uuid.UUID, after int64, most int) (bool, error) {
	limit := any(nil) // LIMIT NULL is no limit
	if most > 0 {
		limit = most + 1
	}
	rows, err := tx.Query(ctx, `
		SELECT passage_id, collection, length, sparsevec_send(weights) FROM passage_terms
		WHERE workspace_id = $1 AND version > $2 ORDER BY passage_id LIMIT $3`, ws, after, limit)
	if err != nil {
		return false, err
	}
	var id int64
	var collection string
	var length float64
	var weights []byte
	var batch []postings.Entry
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&id, &collection, &length, (*pgtype.DriverBytes)(&weights)}, func() error {
		e, err := entryFrom(weights, length, x.pivot)
		if err != nil {
			return fmt.Errorf("the terms of passage %d: %w", id, err)
		}
		e.ID, e.Collection = id, collection
		batch = append(batch, e)
		if n++; len(batch) == loadBatch {
			x.postings, batch = x.postings.Add(batch), batch[:0]
		}
		return nil
	})
	if err != nil || most > 0 && n > most {
		return false, err
	}
	x.postings = x.postings.Add(batch)
	return true, nil
}

// dropRemoved takes out the passages that are gone. That some are is told by the number of those that should be there.
func (x *index) dropRemoved(ctx context.Context, tx pgx.Tx, ws uuid.UUID) error {
	if int64(x.postings.Len()) == x.passages {
		return nil
	}
	var ids []int64
	err := tx.QueryRow(ctx, `
		SELECT coalesce(array_agg(passage_id ORDER BY passage_id), '{}') FROM passage_terms WHERE workspace_id = $1`, ws).
		Scan(&ids)
	if err != nil {
		return err
	}
	x.postings = x.postings.Keep(ids)
	if int64(x.postings.Len()) != x.passages {
		return fmt.Errorf("the index holds %d passages and the statistics count %d", x.postings.Len(), x.passages)
	}
	return nil
}

// loadBatch is how many passages become a segment at a time while an index is loaded.
const loadBatch = 8192

// entryFrom reads the binary form of a sparse vector of weights: dimensions, number of elements, a zero, the indices,
// the values. It recovers the counts as [bagFrom] does.
func entryFrom(v []byte, length, pivot float64) (postings.Entry, error) {
	if len(v) < 12 {
		return postings.Entry{}, fmt.Errorf("%d bytes are no sparse vector", len(v))
	}
	n := int(binary.BigEndian.Uint32(v[4:]))
	if len(v) != 12+8*n {
		return postings.Entry{}, fmt.Errorf("%d bytes are no sparse vector of %d elements", len(v), n)
	}
	e := postings.Entry{Length: float32(length), Terms: make([]int32, n), Counts: make([]uint16, n)}
	k := damping(length, pivot)
	for i := range n {
		e.Terms[i] = int32(binary.BigEndian.Uint32(v[12+4*i:])) + 1
		weight := float64(math.Float32frombits(binary.BigEndian.Uint32(v[12+4*n+4*i:])))
		e.Counts[i] = uint16(min(math.MaxUint16, countFrom(weight, k)))
	}
	return e, nil
}
