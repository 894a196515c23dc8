package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// CalibratorVersion is a calibrator that was fitted to a workspace's cases, as stored.
type CalibratorVersion struct {
	Version   int // from 1; 0 stands for the calibrator that ships and is not stored
	CreatedAt time.Time
	Kind      string   // logistic, or isotonic: a logistic one refined by steps
	Cases     int      // that it was fitted to
	ECE       *float64 // calibration error on cases left out of the fit; nil = cannot be said
	AUROC     *float64 // right above wrong, on cases left out of the fit; nil = cannot be said
	Curve     json.RawMessage
	Active    bool
}

// Fitted is a calibrator with what was measured of it, ready to be stored.
type Fitted struct {
	Calibrator Calibrator
	Cases      int
	ECE, AUROC *float64
	Curve      any // encoded as JSON
}

// Kind names what the calibrator is made of, as it is stored.
func (c Calibrator) Kind() string {
	if c.Refinement != nil {
		return "isotonic"
	}
	return "logistic"
}

// SaveCalibrator stores a calibrator as the workspace's next version, without activating it. Actor stands in the audit
// log.
func (b *Bot) SaveCalibrator(ctx context.Context, ws uuid.UUID, actor string, f Fitted) (CalibratorVersion, error) {
	parameters, err := json.Marshal(f.Calibrator)
	if err != nil {
		return CalibratorVersion{}, fmt.Errorf("encode the calibrator: %w", err)
	}
	curve, err := json.Marshal(f.Curve)
	if err != nil {
		return CalibratorVersion{}, fmt.Errorf("encode the curve: %w", err)
	}
	v := CalibratorVersion{Kind: f.Calibrator.Kind(), Cases: f.Cases, ECE: f.ECE, AUROC: f.AUROC, Curve: curve}
	err = b.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := serialise(ctx, tx, ws); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO calibrators (workspace_id, version, kind, parameters, cases, ece, auroc, curve)
			SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 FROM calibrators WHERE workspace_id = $1
			RETURNING version, created_at`, ws, v.Kind, parameters, v.Cases, v.ECE, v.AUROC, curve).
			Scan(&v.Version, &v.CreatedAt)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "calibrator.save",
			Target: "calibrator:" + strconv.Itoa(v.Version), Data: map[string]any{"cases": v.Cases}})
	})
	if err != nil {
		return CalibratorVersion{}, fmt.Errorf("store the calibrator: %w", err)
	}
	return v, nil
}

// ActivateCalibrator makes a stored version the one that decides, or with 0 the one that ships. This node uses it from
// the next turn, the others within two seconds. An unknown version gives an error of kind [errs.NotFound].
func (b *Bot) ActivateCalibrator(ctx context.Context, ws uuid.UUID, actor string, version int) error {
	err := b.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := serialise(ctx, tx, ws); err != nil {
			return err
		}
		// At no moment may two versions be active, hence two statements.
		_, err := tx.Exec(ctx, `
			UPDATE calibrators SET active = false WHERE workspace_id = $1 AND active AND version <> $2`, ws, version)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE calibrators SET active = true WHERE workspace_id = $1 AND version = $2`, ws, version)
		if err != nil {
			return err
		}
		if version != 0 && tag.RowsAffected() == 0 {
			return errs.New(errs.NotFound, "there is no version %d of the calibrator: list the versions and choose one", version)
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "calibrator.activate",
			Target: "calibrator:" + strconv.Itoa(version)})
	})
	if err != nil {
		return fmt.Errorf("activate calibrator %d: %w", version, err)
	}
	b.tunings.forget(ws)
	return nil
}

// Calibrators lists the stored versions, newest first.
func (b *Bot) Calibrators(ctx context.Context, ws uuid.UUID) (list []CalibratorVersion, err error) {
	err = b.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT version, created_at, kind, cases, ece, auroc, curve, active
			FROM calibrators WHERE workspace_id = $1 ORDER BY version DESC`, ws)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[CalibratorVersion])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the calibrators: %w", err)
	}
	return list, nil
}

// serialise makes concurrent changes of one workspace's calibrators wait for each other.
func serialise(ctx context.Context, tx pgx.Tx, ws uuid.UUID) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('calibrator ' || $1::text, 0))`, ws.String())
	return err
}
