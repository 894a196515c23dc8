package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// retune is how long a workspace's calibrator and threshold are used before the database is asked for them again: what
// was changed on another node holds here within that time.
const retune = 2 * time.Second

// tuning is what a workspace decides by.
type tuning struct {
	version    int        // of the calibrator; 0: the one that ships
	calibrator Calibrator // of version, unset for 0
	threshold  float64    // 0: that of the configuration
}

// tunings keeps the tuning of each workspace in memory.
type tunings struct {
	db  *postgres.DB
	now func() time.Time

	mu    sync.Mutex
	slots map[uuid.UUID]*tuningSlot
}

// tuningSlot holds one workspace's tuning. Its mutex makes concurrent turns load a new version once.
type tuningSlot struct {
	mu      sync.Mutex
	checked time.Time
	known   tuning
}

func newTunings(db *postgres.DB) *tunings {
	return &tunings{db: db, now: time.Now, slots: map[uuid.UUID]*tuningSlot{}}
}

// of returns a workspace's tuning. While the database is down, the last known one goes on deciding.
func (t *tunings) of(ctx context.Context, ws uuid.UUID) (tuning, error) {
	s := t.slot(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := t.now()
	if !s.checked.IsZero() && now.Sub(s.checked) < retune {
		return s.known, nil
	}
	fresh, err := t.load(ctx, ws, s.known)
	switch {
	case err == nil:
		s.known = fresh
	case s.checked.IsZero() || !errs.Is(err, errs.Unavailable):
		return tuning{}, fmt.Errorf("load the calibrator: %w", err)
	}
	s.checked = now
	return s.known, nil
}

func (t *tunings) slot(ws uuid.UUID) *tuningSlot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.slots[ws]
	if s == nil {
		s = &tuningSlot{}
		t.slots[ws] = s
	}
	return s
}

// load reads the parameters only if they are not the known ones, so that the usual answer is one small row.
func (t *tunings) load(ctx context.Context, ws uuid.UUID, known tuning) (fresh tuning, err error) {
	var parameters []byte
	err = t.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT coalesce(c.version, 0), CASE WHEN c.version <> $2 THEN c.parameters END, coalesce(s.threshold, 0)
			FROM (SELECT) one
			LEFT JOIN calibrators c ON c.workspace_id = $1 AND c.active
			LEFT JOIN bot_settings s ON s.workspace_id = $1`, ws, known.version).
			Scan(&fresh.version, &parameters, &fresh.threshold)
	})
	switch {
	case err != nil || fresh.version == 0:
		return fresh, err
	case fresh.version == known.version:
		fresh.calibrator = known.calibrator
		return fresh, nil
	}
	if err := json.Unmarshal(parameters, &fresh.calibrator); err != nil {
		return tuning{}, fmt.Errorf("decode version %d: %w", fresh.version, err)
	}
	return fresh, nil
}

// forget makes the next turn on this node ask the database at once.
func (t *tunings) forget(ws uuid.UUID) {
	s := t.slot(ws)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked = time.Time{}
}
