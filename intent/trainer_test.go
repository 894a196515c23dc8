package intent_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

const trainable = `{"text":"where is my parcel","intent":"order_status"}
{"text":"when will it arrive","intent":"order_status"}
{"text":"track my package","intent":"order_status"}
{"text":"i want my money back","intent":"refund"}
{"text":"refund me please","intent":"refund"}
{"text":"who painted the mona lisa","intent":"oos"}
`

// trainers is a workspace whose trainings are asked for and carried out.
type trainers struct {
	*intent.Trainer
	t  *testing.T
	db *postgres.DB
	ws uuid.UUID
	c  *intent.Classifier
}

func newTrainers(t *testing.T) *trainers {
	t.Helper()
	db := pgtest.Open(t)
	w := &trainers{t: t, db: db, ws: pgtest.Workspace(t, db), c: intent.NewClassifier(db)}
	w.Trainer = w.node()
	return w
}

func (w *trainers) node() *intent.Trainer {
	return intent.NewTrainer(w.c, slog.New(slog.DiscardHandler))
}

func (w *trainers) ask(activate bool) uuid.UUID {
	w.t.Helper()
	id, err := w.Enqueue(w.t.Context(), w.ws, intent.TrainingRequest{Upload: upload(intent.FormatJSONL, trainable),
		Note: "from the \x00 desk", Activate: activate, Actor: "user:7"})
	require.NoError(w.t, err)
	return id
}

func (w *trainers) get(id uuid.UUID) intent.Training {
	w.t.Helper()
	training, err := w.Training(w.t.Context(), w.ws, id)
	require.NoError(w.t, err)
	return training
}

func (w *trainers) exec(sql string, args ...any) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.t.Context(), sql, args...)
		return err
	}))
}

func (w *trainers) strings(sql string) (list []string) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(w.t.Context(), sql)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}))
	return list
}

func (w *trainers) start(node *intent.Trainer) {
	w.t.Helper()
	node.Start(w.t.Context())
	w.t.Cleanup(func() { require.NoError(w.t, node.Stop(context.Background())) })
}

func (w *trainers) ended(id uuid.UUID) intent.Training {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.get(id).EndedAt != nil }, 20*time.Second, 10*time.Millisecond)
	return w.get(id)
}

func TestTrainingIsCarriedOut(t *testing.T) {
	t.Parallel()
	w := newTrainers(t)
	first, second := w.ask(true), w.ask(false)
	require.Equal(t, intent.TrainingQueued, w.get(first).State)
	w.start(w.Trainer)
	w.start(w.node()) // one of them may work on this workspace at a time
	done := w.ended(first)
	require.Equal(t, intent.TrainingDone, done.State, done.Error)
	require.Equal(t, 1, done.Version)
	require.Equal(t, intent.StageStoring, done.Stage)
	require.Equal(t, 2, w.ended(second).Version)

	versions, err := w.c.Versions(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.False(t, versions[0].Active, "only where it was asked for")
	require.True(t, versions[1].Active)
	require.Equal(t, "from the  desk", versions[0].Note)
	require.Equal(t, 2, versions[0].Intents)
	require.Equal(t, 6, versions[0].Examples)
	require.NotNil(t, versions[0].Accuracy)
	require.NotNil(t, versions[0].OOSRecall)
	require.Equal(t, "order_status", classify(t, w.c, w.ws, "where is the parcel").Name)

	require.Equal(t, []string{"user:7 intent.training", "user:7 intent.training", "user:7 intent.train", "user:7 intent.train"},
		w.strings(`SELECT actor || ' ' || action FROM audit_log ORDER BY id`))
	require.Equal(t, []string{"", ""}, w.strings(`SELECT body FROM intent_trainings`), "the examples are in the catalog now")
	list, err := w.Trainings(t.Context(), w.ws, 20)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{second, first}, []uuid.UUID{list[0].ID, list[1].ID})
	_, err = w.Training(t.Context(), pgtest.Workspace(t, w.db), first)
	require.True(t, errs.Is(err, errs.NotFound))
}

func TestTrainingRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newTrainers(t)
	_, err := w.Enqueue(t.Context(), w.ws, intent.TrainingRequest{Upload: upload(intent.FormatCSV, "text,intent\nhi,a\nhi,b\n"), Actor: "cli"})
	require.True(t, errs.Is(err, errs.Invalid))
	require.Contains(t, errs.Public(err), `line 3: the example "hi" of "b" stands also under "a" in line 2`)
	list, err := w.Trainings(t.Context(), w.ws, 20)
	require.NoError(t, err)
	require.Empty(t, list)

	// What has become wrong by the time it is carried out fails with the reason.
	id := w.ask(true)
	w.exec(`UPDATE intent_trainings SET body = 'nonsense' WHERE workspace_id = $1`, w.ws)
	training, err := w.Run(t.Context(), w.ws, id, nil)
	require.NoError(t, err)
	require.Equal(t, intent.TrainingFailed, training.State)
	require.Contains(t, training.Error, "line 1: the line is not like")
}

func TestTrainingOfADeadNodeIsTakenUp(t *testing.T) {
	t.Parallel()
	w := newTrainers(t)
	id := w.ask(true)
	dead, err := w.Claim(t.Context(), id) // and never heard of again
	require.NoError(t, err)
	require.Equal(t, intent.TrainingRunning, w.get(id).State)
	later := w.ask(true)
	other, err := w.Claim(t.Context(), later)
	require.NoError(t, err)
	require.Nil(t, other, "one training of a workspace runs at a time")

	w.exec(`UPDATE intent_trainings SET seen_at = now() - interval '2 minutes' WHERE workspace_id = $1 AND id = $2`, w.ws, id)
	w.start(w.node())
	require.Equal(t, 1, w.ended(id).Version)
	require.Equal(t, 2, w.ended(later).Version)

	dead.Work(t.Context()) // it only stalled
	require.Equal(t, 1, w.get(id).Version)
	versions, err := w.c.Versions(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, versions, 2, "a stalled attempt stores nothing")
}

func TestTrainingThatEndsNodesIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newTrainers(t)
	id := w.ask(true)
	for range 3 {
		_, err := w.Claim(t.Context(), id)
		require.NoError(t, err)
		w.exec(`UPDATE intent_trainings SET seen_at = now() - interval '2 minutes' WHERE workspace_id = $1`, w.ws)
	}
	w.start(w.Trainer)
	training := w.ended(id)
	require.Equal(t, intent.TrainingFailed, training.State)
	require.Contains(t, training.Error, "several times")
}

func TestTrainingIsLeftToAnotherNodeWhenItsOwnStops(t *testing.T) {
	t.Parallel()
	w := newTrainers(t)
	id := w.ask(true)
	a, err := w.Claim(t.Context(), id)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	a.Work(ctx)
	require.Equal(t, intent.TrainingQueued, w.get(id).State)
	training, err := w.Run(t.Context(), w.ws, id, nil)
	require.NoError(t, err)
	require.Equal(t, 1, training.Version)
}

func TestTrainingInTheForegroundTellsAndIsCalledOff(t *testing.T) {
	t.Parallel()
	w := newTrainers(t)
	var mu sync.Mutex
	var stages []string
	_, err := w.Run(t.Context(), w.ws, w.ask(true), func(stage string, _, _ int) {
		mu.Lock()
		defer mu.Unlock()
		if len(stages) == 0 || stages[len(stages)-1] != stage {
			stages = append(stages, stage)
		}
	})
	require.NoError(t, err)
	require.Equal(t, []string{intent.StageReading, intent.StageValidating, intent.StageFitting, intent.StageStoring}, stages)

	id := w.ask(true)
	ctx, stop := context.WithCancel(t.Context())
	_, err = w.Run(ctx, w.ws, id, func(stage string, _, _ int) {
		if stage == intent.StageFitting {
			stop()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "it was called off", w.get(id).Error)

	blocker, id := w.ask(true), w.ask(true)
	_, err = w.Claim(t.Context(), blocker)
	require.NoError(t, err)
	ctx, stop = context.WithCancel(t.Context())
	_, err = w.Run(ctx, w.ws, id, func(string, int, int) { stop() }) // it waits for its turn
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, intent.TrainingFailed, w.get(id).State)
}
