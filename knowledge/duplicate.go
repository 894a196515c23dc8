package knowledge

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/text"
)

// Copies of a page, and versions of it that differ in layout, would fill a result with one answer many times over. So a
// passage that says word for word what one that is stored says already is kept, shown and counted with its document, but
// search knows the first of them only. When that one goes, the next takes its place.
//
// Two passages say the same if they stand in one collection and language below the same title, heading and question (a
// passage without heading and question may have another title), and their texts are equal but for case, punctuation,
// mark-up and [harmless] words. A share of equal words, which is what near-duplicates are usually told by, would hide
// the page that says "can't" behind the one that says "can".

// likenessOf returns a hash that two passages share if they say the same, and no others for all practical purposes: of
// a million passages, one pair in ten million bases would.
func likenessOf(collection string, p Passage) int64 {
	h := fnv.New64a()
	part := func(s string) {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(s)))
		_, _ = h.Write(size[:])
		_, _ = h.Write([]byte(s))
	}
	part(collection)
	part(p.Lang)
	if n := len(p.HeadingPath); n > 0 || p.Question != "" {
		part(text.Normalize(p.Title))
		part(text.Normalize(p.Question))
		if n > 0 {
			part(text.Normalize(p.HeadingPath[n-1]))
		}
	}
	part("")
	for _, t := range text.Terms(p.Text) {
		if t.Kind != text.Pair && !harmless(t.Text) { // A pair repeats its characters.
			part(t.Text)
		}
	}
	return int64(h.Sum64() | 1) // never 0
}

// harmless reports whether a term can be there or not without changing what a sentence says.
func harmless(term string) bool {
	return strings.Contains(" a an the of our your their this that pleas also just 的 了 呢 吧 啊 请 您 你 ", " "+term+" ")
}

// markDuplicates gives the passages their ids, and sets DuplicateOf of those that say what a stored passage, or an
// earlier one of the batch, says already.
func markDuplicates(ctx context.Context, tx pgx.Tx, ws uuid.UUID, docs []*preparedDocument) error {
	var all []*preparedPassage
	for _, d := range docs {
		for i := range d.passages {
			all = append(all, &d.passages[i])
		}
	}
	originals, err := originalsLike(ctx, tx, ws, all)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT nextval('passages_id_seq') FROM generate_series(1, $1)`, len(all))
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for i, p := range all {
		p.ID = ids[i]
		if original, ok := originals[p.likeness]; ok {
			p.DuplicateOf = original
			continue
		}
		originals[p.likeness] = p.ID
	}
	return nil
}

// originalsLike returns the searchable passages that say what one of ps says, by likeness.
func originalsLike(ctx context.Context, tx pgx.Tx, ws uuid.UUID, ps []*preparedPassage) (map[int64]int64, error) {
	keys := make([]int64, len(ps))
	for i, p := range ps {
		keys[i] = p.likeness
	}
	rows, err := tx.Query(ctx, `
		SELECT likeness, id FROM passages
		WHERE workspace_id = $1 AND likeness = ANY ($2) AND duplicate_of IS NULL`, ws, keys)
	if err != nil {
		return nil, err
	}
	found := map[int64]int64{}
	var key, id int64
	_, err = pgx.ForEachRow(rows, []any{&key, &id}, func() error {
		found[key] = id
		return nil
	})
	return found, err
}

// promote makes the first duplicate of each passage that is about to be removed searchable in its place, unless it goes
// with one of the same documents.
func (s *statistics) promote(ctx context.Context, tx pgx.Tx, removed []int64, documents []uuid.UUID) error {
	rows, err := tx.Query(ctx, `
		WITH heirs AS (
			SELECT duplicate_of, min(id) AS id FROM passages
			WHERE workspace_id = $1 AND duplicate_of = ANY ($2) AND document_id <> ALL ($3) GROUP BY duplicate_of
		), vectors AS ( -- What is said is the same, and so is its embedding.
			INSERT INTO passage_vectors (workspace_id, passage_id, collection, model, embedding)
			SELECT $1, heirs.id, v.collection, v.model, v.embedding
			FROM heirs JOIN passage_vectors v ON v.workspace_id = $1 AND v.passage_id = heirs.duplicate_of
		)
		UPDATE passages p
		SET duplicate_of = CASE WHEN p.id = heirs.id THEN NULL ELSE heirs.id END
		FROM heirs, documents d
		WHERE p.workspace_id = $1 AND p.duplicate_of = heirs.duplicate_of AND d.workspace_id = $1 AND d.id = p.document_id
		RETURNING p.id, p.duplicate_of IS NULL, d.collection, p.title, p.heading_path, p.question, p.body`,
		s.ws, removed, documents)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	var p Passage
	var heir bool
	_, err = pgx.ForEachRow(rows, []any{&p.ID, &heir, &p.Collection, &p.Title, &p.HeadingPath, &p.Question, &p.Text}, func() error {
		if !heir {
			return nil
		}
		b := bagOf(p)
		s.count(b, +1)
		batch.Queue(`
			INSERT INTO passage_terms (workspace_id, passage_id, collection, length, weights, version)
			VALUES ($1, $2, $3, $4, $5, $6)`, s.ws, p.ID, p.Collection, b.length, b.weights(s.pivot), s.version)
		return nil
	})
	if err != nil {
		return err
	}
	return tx.SendBatch(ctx, batch).Close()
}
