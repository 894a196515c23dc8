package evals

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/intent"
	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// The suites that a workspace has of its own.
const (
	SuiteReviewed = "reviewed" // the published drafts
	SuiteCases    = "cases"    // the published drafts, and the cases made of conversations
)

// StoreConfig is what a Store works with. All fields are needed unless said otherwise.
type StoreConfig struct {
	DB       *postgres.DB
	Bot      Responder
	Reviewed func(ctx context.Context, workspace uuid.UUID) ([]Case, error) // the published drafts as cases
	Logger   *slog.Logger

	Poll  time.Duration // how often a worker looks for runs without being woken; 0 means 2 s
	Lease time.Duration // how long a run may be silent before its process is taken for dead; 0 means 30 s
}

// Store keeps the suites of workspaces and their runs. It owns the tables eval_runs and eval_cases.
//
//	                   ┌── its node stops, or is silent for a lease ──┐
//	                   v                                              │
//	[Store.Enqueue]  queued ──────────────────────────────────────> running ──> done
//	[Store.RunHere] ────────────────────────────────────────────────^  └──────> failed
//
// A run of RunHere belongs to its process: where that dies, the run has failed. A background run is taken up again by any
// node, three times at most. Every attempt has a claim of its own, which each of its writes names, so that a process
// which only stalled cannot touch the run of its successor. A done run is compared with the one before.
type Store struct {
	c    StoreConfig
	wake chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// NewStore returns a store; nothing runs before [Store.Start].
func NewStore(c StoreConfig) *Store {
	c.Poll = cmp.Or(c.Poll, 2*time.Second)
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	return &Store{c: c, wake: make(chan struct{}, 1)}
}

// Suite returns one of the workspace's own suites as it is now. An unknown name, or a suite without cases, is of kind
// [errs.Invalid].
func (s *Store) Suite(ctx context.Context, ws uuid.UUID, name string) (Suite, error) {
	if name != SuiteReviewed && name != SuiteCases {
		return Suite{}, errs.New(errs.Invalid, "there is no suite %q: use %s or %s", name, SuiteCases, SuiteReviewed)
	}
	suite, err := s.All(ctx, ws)
	if name == SuiteReviewed {
		suite.Name = name
		suite.Cases, err = s.c.Reviewed(ctx, ws)
	}
	switch {
	case err != nil:
		return Suite{}, err
	case len(suite.Cases) > 0:
		return suite, nil
	case name == SuiteReviewed:
		return Suite{}, errs.New(errs.Invalid, "there are no reviewed cases yet: publish a draft in the console first")
	}
	return Suite{}, errs.New(errs.Invalid, "there are no cases yet: make one of a conversation, or publish a draft")
}

// All returns the workspace's cases, those of published drafts and those made of conversations; perhaps none.
func (s *Store) All(ctx context.Context, ws uuid.UUID) (Suite, error) {
	suite := Suite{Name: SuiteCases}
	var err error
	if suite.Cases, err = s.c.Reviewed(ctx, ws); err != nil {
		return Suite{}, err
	}
	made, err := s.Cases(ctx, ws)
	if err != nil {
		return Suite{}, err
	}
	for _, c := range made {
		suite.Cases = append(suite.Cases, c.Case())
	}
	return suite, nil
}

// Held returns the questions that the bot of a workspace is examined with, and that must not be learned.
func (s *Store) Held(ctx context.Context, ws uuid.UUID) ([]intent.Held, error) {
	suite, err := s.All(ctx, ws)
	if err != nil {
		return nil, err
	}
	var held []intent.Held
	for _, c := range suite.Cases {
		held = append(held, intent.Held{Text: c.Question, Where: "the eval case " + c.ID})
	}
	return held, nil
}
