package intent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// TrainingState tells where a training stands.
//
//	            ┌── its node dies or stops ──┐
//	            v                            │
//	Enqueue   queued ────────────────────> running ──> done     the version is stored
//	                                           └─────> failed   the upload is wrong, nobody
//	                                                            waits for it any more, or
//	                                                            several nodes died of it
type TrainingState string

// The states of a training.
const (
	TrainingQueued  TrainingState = "queued"
	TrainingRunning TrainingState = "running"
	TrainingDone    TrainingState = "done"
	TrainingFailed  TrainingState = "failed"
)

// The stages of a training, in order.
const (
	StageReading    = "reading"          // the upload is read and checked
	StageValidating = "cross-validating" // models of parts of the examples judge the rest; the steps are those models
	StageFitting    = "fitting"          // the model of all examples
	StageStoring    = "storing"
)

// Training is one asked-for training.
type Training struct {
	ID          uuid.UUID
	State       TrainingState
	Stage       string // the one it is in, or ended in
	Done, Total int    // steps of the stage
	Version     int    // what came of it; 0 until it is done
	Error       string // public; why it failed
	StartedAt   time.Time
	EndedAt     *time.Time // nil until it is done or failed
}

// TrainingRequest asks for a training.
type TrainingRequest struct {
	Upload
	Note     string // what it is about, for those who choose a version later
	Activate bool   // every node answers with the new version once it is stored
	Actor    string // who asks, for the audit log
}

const trainingColumns = `id, state, stage, done, total, version, error, coalesce(started_at, created_at), ended_at`

// Enqueue stores a request, which some node then carries out; the trainings of a workspace run one after the other. An
// upload with errors is refused with kind [errs.Invalid] and the findings' messages.
func (t *Trainer) Enqueue(ctx context.Context, ws uuid.UUID, r TrainingRequest) (uuid.UUID, error) {
	checked, err := t.classifier.Check(ctx, ws, r.Upload, CheckOptions{})
	if err != nil {
		return uuid.Nil, err
	}
	if err := checked.Err(); err != nil {
		return uuid.Nil, err
	}
	id := uuid.New()
	note := strings.ToValidUTF8(strings.ReplaceAll(r.Note, "\x00", ""), "\uFFFD") // which the database could not store
	err = t.classifier.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO intent_trainings (workspace_id, id, format, body, note, activate, actor)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, ws, id, string(r.Format), r.Text, note, r.Activate, r.Actor)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: r.Actor, Action: "intent.training",
			Target: "intent_training:" + id.String(), Data: map[string]any{"format": r.Format, "activate": r.Activate}})
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("store a training: %w", err)
	}
	t.Wake()
	return id, nil
}

// Training returns a training of ws; an unknown one is of kind [errs.NotFound].
func (t *Trainer) Training(ctx context.Context, ws, id uuid.UUID) (Training, error) {
	var out Training
	err := t.classifier.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+trainingColumns+` FROM intent_trainings WHERE workspace_id = $1 AND id = $2`, ws, id)
		if err != nil {
			return err
		}
		out, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Training])
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.NotFound, "there is no training %s", id)
		}
		return err
	})
	if err != nil {
		return Training{}, fmt.Errorf("read a training: %w", err)
	}
	return out, nil
}

// Trainings returns the latest trainings of ws, newest first, at most limit of them.
func (t *Trainer) Trainings(ctx context.Context, ws uuid.UUID, limit int) (out []Training, err error) {
	err = t.classifier.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+trainingColumns+` FROM intent_trainings WHERE workspace_id = $1
			ORDER BY created_at DESC, id LIMIT $2`, ws, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Training])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list trainings: %w", err)
	}
	return out, nil
}
