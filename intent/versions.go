package intent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// Version is one trained catalog of a workspace.
type Version struct {
	Version   int
	Active    bool
	TrainedAt time.Time
	Intents   int // number of intents
	Examples  int // number of examples, with those out of scope
	Note      string
	// The shares that models of the same catalog judged right without having seen them, in [0,1]; nil = not measured.
	Accuracy  *float64 // of the examples of an intent
	OOSRecall *float64 // of the examples out of scope
}

// Train fits a model to the catalog, stores both as the next version and activates it, in one transaction. It measures
// nothing; [Trainer] does. A catalog without examples gives an error of kind [errs.Invalid] and changes nothing.
func (c *Classifier) Train(ctx context.Context, ws uuid.UUID, cat Catalog) (version int, err error) {
	model, err := c.fit(ctx, cat.Train())
	if err != nil {
		return 0, err
	}
	err = c.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		version, err = release{catalog: cat, model: model, actor: "system", activate: true}.insert(ctx, tx, ws)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store the intent model: %w", err)
	}
	c.forget(ws)
	return version, nil
}

// Activate goes back, or forward, to a stored version in actor's name. An unknown one gives an error of kind
// [errs.NotFound].
func (c *Classifier) Activate(ctx context.Context, ws uuid.UUID, actor string, version int) error {
	err := c.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := serialise(ctx, tx, ws); err != nil {
			return err
		}
		if err := activate(ctx, tx, ws, version); err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "intent.activate", Target: modelTarget(version)})
	})
	if err != nil {
		return fmt.Errorf("activate intent model %d: %w", version, err)
	}
	c.forget(ws)
	return nil
}

// Versions lists the stored versions, newest first.
func (c *Classifier) Versions(ctx context.Context, ws uuid.UUID) ([]Version, error) {
	var out []Version
	err := c.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT m.version, m.active, m.trained_at, jsonb_array_length(c.catalog -> 'intents'),
			       m.examples, m.note, m.accuracy, m.oos_recall
			FROM intent_models m JOIN intent_catalogs c USING (workspace_id, version)
			WHERE m.workspace_id = $1
			ORDER BY m.version DESC`, ws)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Version])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list intent models: %w", err)
	}
	return out, nil
}

// Catalog returns the active catalog and its version, or version 0 where there is none.
func (c *Classifier) Catalog(ctx context.Context, ws uuid.UUID) (Catalog, int, error) {
	var cat Catalog
	var version int
	err := c.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT m.version, c.catalog
			FROM intent_models m JOIN intent_catalogs c USING (workspace_id, version)
			WHERE m.workspace_id = $1 AND m.active`, ws).Scan(&version, &cat)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return Catalog{}, 0, fmt.Errorf("read the intent catalog: %w", err)
	}
	return cat, version, nil
}

// CatalogOf returns the catalog of a stored version. An unknown one gives an error of kind [errs.NotFound].
func (c *Classifier) CatalogOf(ctx context.Context, ws uuid.UUID, version int) (cat Catalog, err error) {
	err = c.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT catalog FROM intent_catalogs WHERE workspace_id = $1 AND version = $2`, ws, version).Scan(&cat)
		if errors.Is(err, pgx.ErrNoRows) {
			return noVersion(version)
		}
		return err
	})
	if err != nil {
		return Catalog{}, fmt.Errorf("read intent catalog %d: %w", version, err)
	}
	return cat, nil
}

func noVersion(version int) error {
	return errs.New(errs.NotFound, "there is no version %d of the intent model: list the versions and choose one", version)
}

// serialise makes concurrent changes of one workspace's versions wait for each other.
func serialise(ctx context.Context, tx pgx.Tx, ws uuid.UUID) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('intent ' || $1::text, 0))`, ws.String())
	return err
}

// activate deactivates first, because at no moment may two versions be active.
func activate(ctx context.Context, tx pgx.Tx, ws uuid.UUID, version int) error {
	_, err := tx.Exec(ctx, `
		UPDATE intent_models SET active = false WHERE workspace_id = $1 AND active AND version <> $2`, ws, version)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		UPDATE intent_models SET active = true WHERE workspace_id = $1 AND version = $2`, ws, version)
	if err == nil && tag.RowsAffected() == 0 {
		return noVersion(version)
	}
	return err
}

// forget makes the next message of this node ask for the active version at once.
func (c *Classifier) forget(ws uuid.UUID) {
	c.mu.Lock()
	s := c.active[ws]
	c.mu.Unlock()
	if s != nil {
		s.mu.Lock()
		s.checked = time.Time{}
		s.mu.Unlock()
	}
}
