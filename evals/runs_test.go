package evals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// respond is a bot as a function.
type respond func(context.Context, bot.Turn) (bot.Reply, error)

func (f respond) Respond(ctx context.Context, t bot.Turn) (bot.Reply, error) { return f(ctx, t) }

// drafts are reviewed cases with these questions.
func drafts(questions ...string) func(context.Context, uuid.UUID) ([]Case, error) {
	return func(context.Context, uuid.UUID) (list []Case, err error) {
		for _, q := range questions {
			list = append(list, Case{ID: "draft-" + q, Question: q, Lang: "en", Decision: bot.Answer, Sources: []string{q + ".md"},
				Tags: []string{"answerable"}})
		}
		return list, nil
	}
}

// knows answers every question from the document of its name.
func knows(_ context.Context, t bot.Turn) (bot.Reply, error) {
	return answered("yes [1]", t.Text+".md"), nil
}

func forgot(context.Context, bot.Turn) (bot.Reply, error) {
	return bot.Reply{Decision: bot.Handoff, Reason: bot.ReasonNoAnswer}, nil
}

// node is one process that works on a database which others may share. Its lease is long enough for a busy machine;
// tests of what comes after a lease end it by [expire].
func node(t *testing.T, db *postgres.DB, r Responder, reviewed func(context.Context, uuid.UUID) ([]Case, error)) *Store {
	t.Helper()
	return NewStore(StoreConfig{DB: db, Bot: r, Reviewed: reviewed, Logger: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond})
}

// expire ends the leases of a workspace, as time does.
func expire(t *testing.T, db *postgres.DB, ws uuid.UUID) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE eval_runs SET lease_until = now() WHERE workspace_id = $1`, ws)
		return err
	}))
}

func started(t *testing.T, s *Store) *Store {
	t.Helper()
	s.Start(t.Context())
	t.Cleanup(s.Stop)
	return s
}

// await returns the run when it is in the state.
func await(t *testing.T, s *Store, ws, id uuid.UUID, state RunState) (r StoredRun) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		r, err = s.Get(t.Context(), ws, id)
		require.NoError(t, err)
		return r.State == state
	}, 15*time.Second, 10*time.Millisecond, "run %s never became %s: %+v", id, state, &r)
	return r
}

func enqueue(t *testing.T, s *Store, ws uuid.UUID) uuid.UUID {
	t.Helper()
	id, err := s.Enqueue(t.Context(), ws, "user:1", SuiteReviewed)
	require.NoError(t, err)
	return id
}

func count(t *testing.T, db *postgres.DB, ws uuid.UUID, sql string) (n int) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), sql, ws).Scan(&n)
	}))
	return n
}

func TestRunsAreStoredAndComparedWithTheOneBefore(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, other := pgtest.Workspace(t, db), pgtest.Workspace(t, db)
	var broken atomic.Bool
	answers := respond(func(ctx context.Context, turn bot.Turn) (bot.Reply, error) {
		if broken.Load() && turn.Text != "a" {
			return forgot(ctx, turn)
		}
		return knows(ctx, turn)
	})
	s := started(t, node(t, db, answers, drafts("a", "b", "c", "d", "e", "f", "g", "h")))

	first := await(t, s, ws, enqueue(t, s, ws), RunDone)
	require.Equal(t, []int{8, 8, 8, 8}, []int{first.Done, first.Total, first.Cases, first.Passed})
	require.Equal(t, 1.0, first.Metrics["pass"])
	require.Empty(t, first.Regressions, "there is nothing to compare with")
	require.Len(t, first.Report.Results, 8)
	require.Nil(t, first.Report.Results[0].Features)

	broken.Store(true)
	second := await(t, s, ws, enqueue(t, s, ws), RunDone)
	require.Equal(t, 1, second.Passed)
	require.Contains(t, second.Regressions, "case draft-b passed before: decided handoff (no_answer, confidence 0.00), expected answer")

	broken.Store(false)
	third := await(t, s, ws, enqueue(t, s, ws), RunDone)
	require.Empty(t, third.Regressions, "better is no regression, though nothing is left of the needless handoffs to be precise about")

	list, err := s.Runs(t.Context(), ws, 2)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{third.ID, second.ID}, []uuid.UUID{list[0].ID, list[1].ID})
	require.Equal(t, 3, count(t, db, ws, `SELECT count(*) FROM audit_log WHERE workspace_id = $1 AND action = 'eval.run' AND actor = 'user:1'`))

	list, err = s.Runs(t.Context(), other, 10)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = s.Get(t.Context(), other, first.ID)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
}

// Cases come and go between runs, and change; that is no regression of the bot.
func TestOnlyTheSameCasesAreCompared(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	run := func(r respond, reviewed func(context.Context, uuid.UUID) ([]Case, error)) []Regression {
		_, worse, err := node(t, db, r, reviewed).RunHere(t.Context(), ws, "cli", SuiteReviewed, RunOptions{})
		require.NoError(t, err)
		return worse
	}
	require.Empty(t, run(knows, drafts("a", "b", "c")))
	require.Empty(t, run(knows, drafts("a", "b")), "one was removed")
	harder := func(ctx context.Context, ws uuid.UUID) ([]Case, error) {
		list, err := drafts("a", "b", "new")(ctx, ws)
		list[0].Facts = [][]string{{"a fact that no reply holds"}}
		list[2].Sources = []string{"elsewhere.md"}
		return list, err
	}
	require.Empty(t, run(knows, harder), "one expects more now, and a new one never passed")
	worse := run(forgot, harder)
	require.NotEmpty(t, worse)
	for _, w := range worse {
		require.NotContains(t, []string{"draft-a", "draft-new"}, w.Case)
	}
}

func TestASuiteWithoutCasesIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts())
	for suite, why := range map[string]string{SuiteCases: "make one of a conversation", SuiteReviewed: "publish a draft", "x": "there is no suite"} {
		_, err := s.Enqueue(t.Context(), ws, "user:1", suite)
		require.True(t, errs.Is(err, errs.Invalid), "%v", err)
		require.ErrorContains(t, err, why)
	}
	require.Zero(t, count(t, db, ws, `SELECT count(*) FROM eval_runs WHERE workspace_id = $1`))
}

// Two nodes share the work, and no run is carried out twice.
func TestTwoWorkersShareTheRuns(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	var asked atomic.Int64
	counting := respond(func(ctx context.Context, turn bot.Turn) (bot.Reply, error) {
		asked.Add(1)
		return knows(ctx, turn)
	})
	nodes := []*Store{node(t, db, counting, drafts("a", "b", "c")), node(t, db, counting, drafts("a", "b", "c"))}
	type pending struct{ ws, id uuid.UUID }
	var runs []pending
	for range 12 {
		ws := pgtest.Workspace(t, db)
		runs = append(runs, pending{ws, enqueue(t, nodes[0], ws)})
	}
	for _, s := range nodes {
		started(t, s)
	}
	for _, r := range runs {
		require.Equal(t, 3, await(t, nodes[1], r.ws, r.id, RunDone).Passed)
	}
	require.EqualValues(t, 12*3, asked.Load())
}

// A run that waits serves everybody who asks for it meanwhile.
func TestAWaitingRunIsSharedByWhoAsks(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts("a"))
	id := enqueue(t, s, ws)
	require.Equal(t, id, enqueue(t, s, ws))
	started(t, s)
	await(t, s, ws, id, RunDone)
	require.NotEqual(t, id, enqueue(t, s, ws))
}

// A process that died in the middle leaves its run to another, and one that only stalled cannot touch it any more.
func TestARunSurvivesItsNode(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	dead := node(t, db, respond(knows), drafts("a", "b"))
	id := enqueue(t, dead, ws)
	stalled, err := dead.claim(t.Context())
	require.NoError(t, err)
	require.Equal(t, id, stalled.run)
	require.NoError(t, stalled.renew(t.Context(), 1, 2))
	none, err := dead.claim(t.Context())
	require.NoError(t, err)
	require.Nil(t, none, "its lease holds")
	expire(t, db, ws)

	gate := make(chan struct{})
	s := started(t, node(t, db, respond(func(ctx context.Context, turn bot.Turn) (bot.Reply, error) {
		<-gate
		return knows(ctx, turn)
	}), drafts("a", "b")))
	require.Eventually(t, func() bool {
		return count(t, db, ws, `SELECT deaths FROM eval_runs WHERE workspace_id = $1`) == 1
	}, 10*time.Second, 10*time.Millisecond, "the other node takes it when the lease is over")
	require.ErrorIs(t, stalled.renew(t.Context(), 2, 2), errLost)
	require.ErrorIs(t, stalled.fail(t.Context(), "late"), errLost)
	_, err = stalled.finish(t.Context(), Suite{}, Report{Results: []Result{{ID: "late"}}})
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(t, stalled.release(t.Context()), errLost)
	close(gate)
	require.Equal(t, 2, await(t, s, ws, id, RunDone).Passed)
}

// A run that takes longer than a lease keeps it by its signs of life.
func TestALongRunKeepsItsLease(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	slow := respond(func(ctx context.Context, turn bot.Turn) (bot.Reply, error) {
		<-time.After(2 * time.Second)
		return knows(ctx, turn)
	})
	one, two := node(t, db, slow, drafts("a", "b")), node(t, db, slow, drafts("a", "b"))
	one.c.Lease, two.c.Lease = 3*time.Second, 3*time.Second
	started(t, one)
	started(t, two)
	id := enqueue(t, one, ws)
	require.Eventually(t, func() bool {
		r, err := two.Get(t.Context(), ws, id)
		return err == nil && r.Done == 1 && r.Total == 2
	}, 10*time.Second, 10*time.Millisecond, "others see how far it is")
	await(t, two, ws, id, RunDone)
	require.Zero(t, count(t, db, ws, `SELECT deaths FROM eval_runs WHERE workspace_id = $1`))
}

// A stalled process finds out that its run is gone and stops asking.
func TestAStalledRunIsGivenUp(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	begun := make(chan struct{}, 1)
	s := node(t, db, respond(func(ctx context.Context, _ bot.Turn) (bot.Reply, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return bot.Reply{}, ctx.Err()
	}), drafts("a"))
	enqueue(t, s, ws)
	a, err := s.claim(t.Context())
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, _, err := a.work(t.Context(), RunOptions{})
		ended <- err
	}()
	<-begun
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE eval_runs SET claim = $2 WHERE workspace_id = $1`, ws, uuid.New())
		return err
	}))
	require.ErrorIs(t, <-ended, errLost)
}

// What a node that stops had begun is taken up by the next at once, not after a lease.
func TestStoppingLeavesTheRunToOthers(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	begun := make(chan struct{}, 1)
	s := node(t, db, respond(func(ctx context.Context, _ bot.Turn) (bot.Reply, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return bot.Reply{}, ctx.Err()
	}), drafts("a"))
	s.Start(t.Context())
	id := enqueue(t, s, ws)
	<-begun
	s.Stop()
	r, err := s.Get(t.Context(), ws, id)
	require.NoError(t, err)
	require.Equal(t, RunQueued, r.State)
	await(t, started(t, node(t, db, respond(knows), drafts("a"))), ws, id, RunDone)
}

func TestARunThatKillsItsNodesFails(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts("a"))
	id := enqueue(t, s, ws)
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE eval_runs SET state = 'running', claim = $2, deaths = 2 WHERE workspace_id = $1`, ws, uuid.New())
		return err
	}))
	require.Contains(t, await(t, started(t, s), ws, id, RunFailed).Error, "3 processes ended in the middle of it")
}

func TestAFailingBotFailsTheRunWithAReason(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	s := started(t, node(t, db, respond(func(context.Context, bot.Turn) (bot.Reply, error) {
		return bot.Reply{}, errs.Wrap(errors.New("secret detail"), errs.Unavailable, "the database does not answer")
	}), drafts("a")))
	require.Equal(t, "the database does not answer", await(t, s, ws, enqueue(t, s, ws), RunFailed).Error)
}

// A run of the command line has nobody to take it over: where its process is gone, it has failed.
func TestARunOfADeadCommandHasFailed(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts("a"))
	suite, err := s.Suite(t.Context(), ws, SuiteReviewed)
	require.NoError(t, err)
	a, err := s.begin(t.Context(), ws, "cli", suite)
	require.NoError(t, err)
	expire(t, db, ws)
	require.Contains(t, await(t, started(t, s), ws, a.run, RunFailed).Error, "run it again")

	ctx, cancel := context.WithCancel(t.Context())
	called := node(t, db, respond(func(context.Context, bot.Turn) (bot.Reply, error) {
		cancel()
		return bot.Reply{}, ctx.Err()
	}), drafts("a"))
	_, _, err = called.RunHere(ctx, ws, "cli", SuiteReviewed, RunOptions{})
	require.ErrorIs(t, err, context.Canceled)
	list, err := s.Runs(t.Context(), ws, 1)
	require.NoError(t, err)
	require.Equal(t, "it was called off: run it again", list[0].Error)
}

func TestOldRunsGo(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
			INSERT INTO eval_runs (workspace_id, id, suite, background, state, finished_at, created_at)
			SELECT $1, gen_random_uuid(), s, true, 'failed', now() - n * interval '1 hour', now() - n * interval '1 hour'
			FROM generate_series(1, 210) n, unnest(ARRAY['reviewed', 'cases']) s`, ws)
		return err
	}))
	s := node(t, db, respond(knows), drafts("a"))
	_, _, err := s.RunHere(t.Context(), ws, "cli", SuiteReviewed, RunOptions{})
	require.NoError(t, err)
	for suite, want := range map[string]int{SuiteReviewed: keepRuns, SuiteCases: 210} {
		require.Equal(t, want, count(t, db, ws, fmt.Sprintf(`SELECT count(*) FROM eval_runs WHERE workspace_id = $1 AND suite = '%s'`, suite)))
	}
	list, err := s.Runs(t.Context(), ws, 1)
	require.NoError(t, err)
	require.Equal(t, RunDone, list[0].State, "the newest stays")
}
