package knowledge

import (
	"context"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/text"
)

const (
	// leastCorrected is how many passages must hold a word before an unknown one is taken for its misspelling.
	leastCorrected = 2
	// correctedWeight is what the word counts that was meant, beside one that was typed right.
	correctedWeight = 0.8
	// mostCorrected bounds the work for a message that is full of unknown words.
	mostCorrected = 4
)

// misspelt lists the words of the message that no passage holds and that may be typing errors, with the terms that they
// may have been meant for. A capitalised word within a sentence is a name, which the base need not know.
func (p *parsed) misspelt() map[int32][]int32 {
	var found map[int32][]int32
	for _, t := range text.Terms(p.Text) {
		if len(found) == mostCorrected {
			break
		}
		known := p.terms[termID(t.Text)]
		if known == nil || known.df > 0 || known.function || t.Kind != text.Word {
			continue
		}
		if first, _ := utf8.DecodeRuneInString(p.Text[t.Start:]); unicode.IsUpper(first) && t.Start > 0 {
			continue
		}
		for _, near := range text.Near(text.Normalize(p.Text[t.Start:t.End])) {
			if found == nil {
				found = make(map[int32][]int32)
			}
			found[termID(t.Text)] = append(found[termID(t.Text)], termID(near))
		}
	}
	return found
}

// correct puts the commonest of the terms that a word may have been meant for in its place. It reports whether there
// was one.
func (p *parsed) correct(typed int32, meant []int32, frequency func(int32) int) bool {
	best, most := int32(0), leastCorrected-1
	for _, id := range meant {
		if df := frequency(id); df > most || df == most && best != 0 && id < best {
			best, most = id, df
		}
	}
	if best == 0 {
		return false
	}
	old := p.terms[typed]
	delete(p.terms, typed)
	p.order = slices.DeleteFunc(p.order, func(id int32) bool { return id == typed })
	if known, ok := p.terms[best]; ok {
		known.own = true
	} else {
		p.terms[best] = &queryTerm{weight: correctedWeight * old.weight, own: true, kind: old.kind}
		p.order = append(p.order, best)
	}
	p.learn(best, most)
	return true
}

// correctAll corrects the words in a fixed order, so that equal queries have equal scores. It reports whether anything
// changed.
func (p *parsed) correctAll(misspelt map[int32][]int32, frequency func(int32) int) (changed bool) {
	for _, typed := range slices.Sorted(maps.Keys(misspelt)) {
		changed = p.correct(typed, misspelt[typed], frequency) || changed
	}
	return changed
}

// correctByTable corrects the message with the frequencies of the database. It reports whether anything changed.
func (b *Base) correctByTable(ctx context.Context, ws uuid.UUID, p *parsed) (bool, error) {
	misspelt := p.misspelt()
	var ids []int32
	for _, meant := range misspelt {
		ids = append(ids, meant...)
	}
	if len(ids) == 0 {
		return false, nil
	}
	df := make(map[int32]int)
	err := b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT term, df FROM knowledge_terms WHERE workspace_id = $1 AND term = ANY ($2)`, ws, ids)
		if err != nil {
			return err
		}
		var id int32
		var n int
		_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error {
			df[id] = n
			return nil
		})
		return err
	})
	return p.correctAll(misspelt, func(id int32) int { return df[id] }), err
}
