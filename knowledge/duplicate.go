package knowledge

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/text"
)

// Copies of a page, and versions of it that differ in a word, would fill a result with one answer many times over. So a
// passage that is nearly the same as one that is stored already is kept, shown and counted with its document, but search
// knows the first of them only. When that one goes, the next takes its place.

// alikeFrom is the share of their terms that two near-duplicates have in common: one word in forty may differ.
const alikeFrom = 0.95

// likenessOf returns what near-duplicates have in common for certain, so that they can be looked up: collection, language
// and label, or, for a passage without a heading or a question, every one of its terms.
func likenessOf(collection string, p Passage) int64 {
	h := fnv.New64a()
	part := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	part(collection)
	part(p.Lang)
	if n := len(p.HeadingPath); n > 0 || p.Question != "" {
		part(text.Normalize(p.Title))
		part(text.Normalize(p.Question))
		if n > 0 {
			part(text.Normalize(p.HeadingPath[n-1]))
		}
	} else {
		for _, t := range text.Terms(p.Text) {
			part(t.Text)
		}
	}
	return int64(h.Sum64() | 1) // never 0
}

// content is what two texts of the same likeness are compared by.
type content struct {
	counts  map[string]int
	total   int
	telling uint64 // a hash of the terms that no near-duplicate may lack or add
}

func contentOf(s string) *content {
	c := &content{counts: map[string]int{}}
	for _, t := range text.Terms(s) {
		c.counts[t.Text]++
		c.total++
		if telling(t.Text) {
			h := fnv.New64a()
			_, _ = h.Write([]byte(t.Text))
			c.telling += h.Sum64() // a sum, because the order does not matter and the number does
		}
	}
	return c
}

// alike reports whether two texts of the same likeness say the same. Numbers and negations must be equal: a price or a
// "not" is the whole difference between two answers.
func alike(a, b *content) bool {
	if a.telling != b.telling || float64(min(a.total, b.total)) < alikeFrom*float64(max(a.total, b.total)) {
		return false
	}
	common := 0
	for term, n := range a.counts {
		common += min(n, b.counts[term])
	}
	return float64(common) >= alikeFrom*float64(a.total+b.total-common)
}

// telling reports whether a term changes what a sentence says, however little of it that term is.
func telling(term string) bool {
	switch term {
	case "no", "not", "never", "none", "without", "cannot", "except", "onli", "不", "没", "未", "无", "勿", "别", "除", "仅":
		return true
	}
	for _, r := range term {
		if unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// original is a searchable passage that another one may be a duplicate of.
type original struct {
	id   int64
	body string
	read *content // of the body; nil until it is compared with another one
}

func (o *original) content() *content {
	if o.read == nil {
		o.read = contentOf(o.body)
	}
	return o.read
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
		own := &original{id: p.ID, body: p.Text}
		same := slices.IndexFunc(originals[p.likeness], func(o *original) bool { return alike(o.content(), own.content()) })
		if same >= 0 {
			p.DuplicateOf = originals[p.likeness][same].id
			continue
		}
		originals[p.likeness] = append(originals[p.likeness], own)
	}
	return nil
}

// originalsLike reads the stored passages that share a likeness with one of ps.
func originalsLike(ctx context.Context, tx pgx.Tx, ws uuid.UUID, ps []*preparedPassage) (map[int64][]*original, error) {
	keys := make([]int64, len(ps))
	for i, p := range ps {
		keys[i] = p.likeness
	}
	rows, err := tx.Query(ctx, `
		SELECT likeness, id, body FROM passages
		WHERE workspace_id = $1 AND likeness = ANY ($2) AND duplicate_of IS NULL ORDER BY id`, ws, keys)
	if err != nil {
		return nil, err
	}
	found := map[int64][]*original{}
	var key int64
	var o original
	_, err = pgx.ForEachRow(rows, []any{&key, &o.id, &o.body}, func() error {
		found[key] = append(found[key], &original{id: o.id, body: o.body})
		return nil
	})
	return found, err
}

// promote makes the first remaining duplicate of each removed passage searchable in its place.
func (s *statistics) promote(ctx context.Context, tx pgx.Tx, removed []int64) error {
	rows, err := tx.Query(ctx, `
		UPDATE passages p
		SET duplicate_of = CASE WHEN p.id = heirs.id THEN NULL ELSE heirs.id END
		FROM (
			SELECT duplicate_of, min(id) AS id FROM passages
			WHERE workspace_id = $1 AND duplicate_of = ANY ($2) GROUP BY duplicate_of
		) heirs, documents d
		WHERE p.workspace_id = $1 AND p.duplicate_of = heirs.duplicate_of AND d.workspace_id = $1 AND d.id = p.document_id
		RETURNING p.id, p.duplicate_of IS NULL, d.collection, p.title, p.heading_path, p.question, p.body`, s.ws, removed)
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
