package intent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// watchEvery is how often a training that another process carries out is looked at.
const watchEvery = 500 * time.Millisecond

// errCalledOff is why a training failed that nobody waits for any more.
var errCalledOff = errs.New(errs.Invalid, "it was called off")

// Run carries out a training in the caller's process, or watches the node that was faster, and returns it once it is
// over. progress may be nil. When ctx ends, a training that no other node has begun is called off.
func (t *Trainer) Run(ctx context.Context, ws, id uuid.UUID, progress func(stage string, done, total int)) (Training,
	error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := t.runOwn(ctx, id, progress); err != nil && ctx.Err() == nil {
			return Training{}, err
		}
		if ctx.Err() != nil {
			return Training{}, errors.Join(ctx.Err(), t.callOff(ctx, ws, id))
		}
		training, err := t.Training(ctx, ws, id)
		if err != nil || training.EndedAt != nil {
			return training, err
		}
		progress(training.Stage, training.Done, training.Total)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// runOwn carries the training out unless it is not its turn, or somebody else's.
func (t *Trainer) runOwn(ctx context.Context, id uuid.UUID, progress func(stage string, done, total int)) error {
	var a *attempt
	err := t.classifier.db.InSystemTx(ctx, func(tx pgx.Tx) (err error) {
		if err := revive(ctx, tx); err != nil {
			return err
		}
		a, err = t.claim(ctx, tx, id)
		return err
	})
	if errors.Is(err, errBusy) || err == nil && a == nil {
		return nil
	}
	if err != nil {
		return err
	}
	a.own = true
	a.run(ctx, progress)
	return nil
}

// callOff ends a training that waits.
func (t *Trainer) callOff(ctx context.Context, ws, id uuid.UUID) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := t.classifier.db.InTx(last, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(last, `
			UPDATE intent_trainings SET state = 'failed', error = $3, body = '', ended_at = now()
			WHERE workspace_id = $1 AND id = $2 AND state = 'queued'`, ws, id, errs.Public(errCalledOff))
		return err
	})
	if err != nil {
		return fmt.Errorf("call off a training: %w", err)
	}
	return nil
}
