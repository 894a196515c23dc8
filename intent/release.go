package intent

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
)

// release is what becomes the next version.
type release struct {
	catalog  Catalog
	model    *Model
	scores   scores
	note     string
	actor    string // for the audit log
	activate bool
}

// insert stores the release in the caller's transaction.
func (r release) insert(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (version int, err error) {
	parameters, err := r.model.MarshalBinary()
	if err != nil {
		return 0, err
	}
	catalog, err := json.Marshal(r.catalog)
	if err != nil {
		return 0, fmt.Errorf("encode the catalog: %w", err)
	}
	if err := serialise(ctx, tx, ws); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO intent_catalogs (workspace_id, version, catalog)
		SELECT $1, coalesce(max(version), 0) + 1, $2 FROM intent_catalogs WHERE workspace_id = $1
		RETURNING version`, ws, catalog).Scan(&version)
	if err != nil {
		return 0, err
	}
	examples := len(r.catalog.Train())
	_, err = tx.Exec(ctx, `
		INSERT INTO intent_models (workspace_id, version, parameters, examples, note, accuracy, oos_recall)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		ws, version, parameters, examples, r.note, r.scores.accuracy, r.scores.oosRecall)
	if err != nil {
		return 0, err
	}
	err = audit.Write(ctx, tx, ws, audit.Record{Actor: r.actor, Action: "intent.train", Target: modelTarget(version),
		Data: map[string]any{"intents": len(r.catalog.Intents), "examples": examples, "active": r.activate}})
	if err == nil && r.activate {
		err = activate(ctx, tx, ws, version)
	}
	return version, err
}

func modelTarget(version int) string { return fmt.Sprintf("intent_model:%d", version) }
