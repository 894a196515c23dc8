package knowledge

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// contrastPassages bounds what is read to learn contrasts, in passages.
const contrastPassages = 5_000

// knownContrasts remembers what was learned of each workspace.
type knownContrasts struct {
	mu sync.Mutex
	of map[uuid.UUID]*contrasts
}

// contrastsOf returns the contrasts of a workspace that holds so many passages. They are learned at the first search
// and again when the base has grown or shrunk by a tenth, so a bulk load pays for it ever more rarely.
func (b *Base) contrastsOf(ctx context.Context, ws uuid.UUID, passages int64) (*contrasts, error) {
	b.contrasts.mu.Lock()
	c := b.contrasts.of[ws]
	b.contrasts.mu.Unlock()
	if c != nil && math.Abs(float64(passages-c.passages)) <= pivotTolerance*float64(c.passages) {
		return c, nil
	}
	labels, err := b.labels(ctx, ws)
	if err != nil {
		return nil, fmt.Errorf("learn contrasts: %w", err)
	}
	c = learnContrasts(labels)
	c.passages = passages
	b.contrasts.mu.Lock()
	defer b.contrasts.mu.Unlock()
	if b.contrasts.of == nil {
		b.contrasts.of = make(map[uuid.UUID]*contrasts)
	}
	b.contrasts.of[ws] = c
	return c, nil
}

// labels reads the different labels of a workspace, each once: a long document would else repeat its title.
func (b *Base) labels(ctx context.Context, ws uuid.UUID) (labels []string, err error) {
	err = b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT DISTINCT concat_ws(E'\n', title, array_to_string(heading_path, E'\n'), question)
			FROM (SELECT * FROM passages WHERE workspace_id = $1 ORDER BY id LIMIT $2) p`, ws, contrastPassages)
		if err != nil {
			return err
		}
		labels, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return labels, err
}
