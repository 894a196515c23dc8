package evals

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"handrail/internal/errs"
	"handrail/internal/progress"
)

// Start begins to carry out background runs, one at a time, until ctx ends or Stop.
func (s *Store) Start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	s.done.Go(func() { s.loop(ctx) })
}

// Stop ends what Start began and waits for it. A run in progress waits for another node, or the next start.
func (s *Store) Stop() {
	s.stop()
	s.done.Wait()
}

// Wake says that a run may wait. It never blocks.
func (s *Store) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Store) loop(ctx context.Context) {
	tick := time.NewTicker(s.c.Poll)
	defer tick.Stop()
	for {
		if err := s.pass(ctx); err != nil && ctx.Err() == nil {
			s.c.Logger.ErrorContext(ctx, "cannot carry out eval runs", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// pass carries out all runs that wait.
func (s *Store) pass(ctx context.Context) error {
	if err := s.bury(ctx); err != nil {
		return fmt.Errorf("end the eval runs of dead processes: %w", err)
	}
	for ctx.Err() == nil {
		a, err := s.claim(ctx)
		if err != nil || a == nil {
			return err
		}
		if _, _, err := a.work(ctx, RunOptions{}); err != nil && ctx.Err() == nil {
			s.c.Logger.ErrorContext(ctx, "an eval run failed", "run", a.run, "error", err)
		}
	}
	return nil
}

// RunHere carries out one of the workspace's own suites in this process and stores the run. It returns how the run
// compares with the previous one of the suite.
func (s *Store) RunHere(ctx context.Context, ws uuid.UUID, actor, name string, o RunOptions) (Report, []Regression, error) {
	suite, err := s.Suite(ctx, ws, name)
	if err != nil {
		return Report{}, nil, err
	}
	if err := s.bury(ctx); err != nil {
		return Report{}, nil, fmt.Errorf("end the eval runs of dead processes: %w", err)
	}
	a, err := s.begin(ctx, ws, actor, suite)
	if err != nil {
		return Report{}, nil, err
	}
	return a.work(ctx, o)
}

// work carries the run out and writes its end, whatever that is.
func (a *attempt) work(ctx context.Context, o RunOptions) (Report, []Regression, error) {
	report, worse, err := a.try(ctx, o)
	if err == nil || errors.Is(err, errLost) {
		return report, worse, err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	switch {
	case ctx.Err() == nil:
		err = errors.Join(err, a.fail(last, errs.Public(err)))
	case a.background:
		err = errors.Join(err, a.release(last))
	default:
		err = errors.Join(err, a.fail(last, "it was called off: run it again"))
	}
	return Report{}, nil, err
}

func (a *attempt) try(ctx context.Context, o RunOptions) (Report, []Regression, error) {
	if a.deaths >= maxDeaths {
		return Report{}, nil, errs.New(errs.Internal, "%d processes ended in the middle of it: look into their logs", a.deaths)
	}
	suite, err := a.Suite(ctx, a.ws, a.suite)
	if err != nil {
		return Report{}, nil, err
	}
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	var asked progress.Latest[int]
	stop := a.tell(ctx, lost, &asked, suite.Questions())
	show := o.Progress
	o.Progress = func(done, total int) {
		asked.Set(done)
		if show != nil {
			show(done, total)
		}
	}
	report, err := RunWith(ctx, a.c.Bot, a.ws, suite, o)
	stop()
	if errors.Is(context.Cause(ctx), errLost) {
		err = errLost
	}
	if err != nil {
		return Report{}, nil, err
	}
	worse, err := a.finish(ctx, suite, report)
	return report, worse, err
}

// tell writes the progress several times in a lease, and calls lost when the attempt has the run no more. A write that the
// database refuses costs nothing unless it goes on for a lease, after which another process takes the run.
func (a *attempt) tell(ctx context.Context, lost context.CancelCauseFunc, done *progress.Latest[int], total int) (stop func()) {
	pace := progress.Pace{Every: min(time.Second, a.c.Lease/4)}
	return progress.Tell(ctx, pace, done, func(ctx context.Context, done int) {
		if err := a.renew(ctx, done, total); errors.Is(err, errLost) {
			lost(errLost)
		}
	})
}
