package intent

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/progress"
)

// attempt is one attempt at one training.
type attempt struct {
	*Trainer
	ws      uuid.UUID
	id      uuid.UUID
	number  int // what the row said when it began; whoever takes the attempt for dead and over raises it
	request TrainingRequest
	own     bool // it ends with the process that asked for it

	seen progress.Latest[step]
}

// step is how far a training has come.
type step struct {
	stage       string
	done, total int
}

// errOvertaken says that the attempt was taken for dead: the training is somebody else's now.
var errOvertaken = errors.New("the training was taken up by another node")

// run carries the training out and writes how it ended. show may be nil.
func (a *attempt) run(ctx context.Context, show func(stage string, done, total int)) {
	stop := a.tell(ctx)
	err := a.train(ctx, func(stage string, done, total int) {
		a.seen.Set(step{stage, done, total})
		if show != nil {
			show(stage, done, total)
		}
	})
	stop()
	if err == nil || errors.Is(err, errOvertaken) {
		return
	}
	// How it ended must reach the database also when the process is stopping.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if ended := a.end(last, ctx.Err() != nil, err); ended != nil {
		a.logger.ErrorContext(ctx, "cannot write how a training ended; it is taken up again", "training", a.id, "error", ended)
	}
}

// train makes the model and stores it.
func (a *attempt) train(ctx context.Context, at func(stage string, done, total int)) error {
	at(StageReading, 0, 1)
	active, _, err := a.classifier.Catalog(ctx, a.ws)
	if err != nil {
		return err
	}
	r := read(a.request.Upload, active)
	if !r.failed() {
		r.inspect(nil)
	}
	if err := r.checked().Err(); err != nil {
		return err
	}
	done, err := a.classifier.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	next := release{catalog: r.catalog, note: a.request.Note, actor: a.request.Actor, activate: a.request.Activate}
	if err := next.fit(ctx, a.classifier, at); err != nil {
		return err
	}
	at(StageStoring, 0, 1)
	return a.store(ctx, next)
}

// fit measures what models of the catalog are worth, and makes the one of all examples.
func (r *release) fit(ctx context.Context, c *Classifier, at func(stage string, done, total int)) error {
	examples := r.catalog.Train()
	predictions, err := validated(ctx, examples, func(done, total int) { at(StageValidating, done, total) })
	if err != nil {
		return err
	}
	r.scores = scoresOf(examples, predictions)
	at(StageFitting, 0, 1)
	if r.model, err = c.fit(ctx, examples); err != nil {
		return err
	}
	return ctx.Err()
}

// store writes the version and the end of the training in one transaction, unless the training is somebody else's now.
func (a *attempt) store(ctx context.Context, r release) error {
	err := a.classifier.db.InTx(ctx, a.ws, func(tx pgx.Tx) error {
		version, err := r.insert(ctx, tx, a.ws)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE intent_trainings SET state = 'done', stage = 'storing', done = 1, total = 1, version = $4, body = '',
				ended_at = now()
			WHERE workspace_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'`, a.ws, a.id, a.number, version)
		if err == nil && tag.RowsAffected() == 0 {
			return errOvertaken
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store the intent model: %w", err)
	}
	a.classifier.forget(a.ws)
	return nil
}

// end gives the training back if this process is stopping or may succeed another time, or else writes that it failed.
func (a *attempt) end(ctx context.Context, stopping bool, why error) error {
	again := stopping && !a.own || errs.Is(why, errs.Unavailable) && a.number < maxAttempts
	if stopping && a.own {
		why = errCalledOff
	}
	if !again && !errs.Is(why, errs.Invalid) {
		a.logger.ErrorContext(ctx, "a training failed", "training", a.id, "error", why)
	}
	return a.classifier.db.InTx(ctx, a.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE intent_trainings SET
				state = CASE WHEN $4 THEN 'queued' ELSE 'failed' END,
				attempts = CASE WHEN $5 THEN attempts - 1 ELSE attempts END, -- to stop a node is no fault of the training
				error = CASE WHEN $4 THEN '' ELSE $6 END,
				body = CASE WHEN $4 THEN body ELSE '' END,
				ended_at = CASE WHEN $4 THEN NULL ELSE now() END
			WHERE workspace_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'`,
			a.ws, a.id, a.number, again, again && stopping, errs.Public(why))
		return err
	})
}

// tell writes the progress of the training until the returned function is called.
func (a *attempt) tell(ctx context.Context) (stop func()) {
	pace := progress.Pace{Every: tellEvery, Alive: aliveEvery}
	return progress.Tell(ctx, pace, &a.seen, func(ctx context.Context, s step) {
		_ = a.write(ctx, s) // a write that fails costs the watchers a second
	})
}

func (a *attempt) write(ctx context.Context, s step) error {
	return a.classifier.db.InTx(ctx, a.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE intent_trainings SET stage = $4, done = $5, total = $6, seen_at = now()
			WHERE workspace_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'`,
			a.ws, a.id, a.number, s.stage, s.done, s.total)
		return err
	})
}
