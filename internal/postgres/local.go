package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"handrail/internal/errs"
)

// LocalConfig says where a private cluster lives and which binaries run it.
type LocalConfig struct {
	Dir    string       // data folder of Handrail; the cluster lives in Dir/pg
	BinDir string       // folder of initdb and postgres; "" means the first that binariesFor finds
	Log    *slog.Logger // nil discards

	// Unsafe turns fsync, full_page_writes and synchronous_commit off. For tests only: a crash may lose data.
	Unsafe bool
}

// Local is a private PostgreSQL cluster that serves this process. One process owns the cluster of a data folder: it
// starts the server, restarts it should it die, and stops it. Other processes that call [StartLocal] on the same folder
// share the running server, and one of them becomes the owner, on the same port, when the owner goes away:
//
//	StartLocal --- lock free --> owner ---- Stop or death: the lock is released ---> (server stopped)
//	        \                      ^
//	         `--- lock held --> guest (takes the lock when it becomes free)
type Local struct {
	cluster cluster
	port    int // fixed when StartLocal returns, as is url
	url     string
	cancel  context.CancelFunc
	keeper  sync.WaitGroup

	mu     sync.Mutex
	lock   *os.File // non-nil while this process is the owner
	server *server  // non-nil while this process runs the server
}

// startTimeout bounds the wait for the server, crash recovery included.
const startTimeout = 60 * time.Second

// StartLocal starts the private cluster of a data folder, or joins it when another process has started it already, and
// returns when it accepts connections. The first call creates the cluster. A server left behind by a launcher that was
// killed is stopped and started anew. Errors of kind [errs.Unsupported] and [errs.Unavailable] say what to install or
// to change. The caller must call [Local.Stop].
func StartLocal(ctx context.Context, c LocalConfig) (*Local, error) {
	cl, err := newCluster(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout,
		fmt.Errorf("no answer within %s, see %s", startTimeout, cl.logFile()))
	defer cancel()
	l := &Local{cluster: cl}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	l.keep()
	return l, nil
}

// URL returns the connection string of the database handrail for its owner, the role handrail.
func (l *Local) URL() string { return l.url }

// Stop ends the server if this process owns it, waiting for running transactions to be rolled back and for the final
// checkpoint. Calling it twice is harmless.
func (l *Local) Stop() error {
	if l.cancel != nil {
		l.cancel()
		l.keeper.Wait()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock == nil {
		return nil
	}
	var err error
	if l.server != nil {
		err = l.server.stop()
	}
	err = errors.Join(err, l.lock.Close())
	l.lock, l.server = nil, nil
	return err
}

// open becomes the owner or a guest, whichever is possible first: an owner that is still starting may fail.
func (l *Local) open(ctx context.Context) error {
	for {
		owner, err := l.own(ctx, 0)
		if owner || err != nil {
			return err
		}
		joined, err := l.join(ctx)
		if joined || err != nil {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return errs.Wrap(err, errs.Unavailable,
				"another process is using the data folder %s but its database does not answer", filepath.Dir(l.cluster.dir))
		}
	}
}

// own starts the server if the lock is free. Port 0 means any.
func (l *Local) own(ctx context.Context, port int) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock == nil {
		lock, err := l.cluster.tryLock()
		if lock == nil || err != nil {
			return false, err
		}
		l.lock = lock
	}
	s, err := l.cluster.start(ctx, port)
	if err != nil {
		return false, err
	}
	l.server = s
	password, err := l.cluster.bootstrap(ctx, s.port)
	if err != nil {
		return false, err
	}
	if l.url == "" {
		l.address(s.port, password)
	}
	return true, nil
}

// address fixes where clients find the server, for the lifetime of l.
func (l *Local) address(port int, password string) {
	l.port, l.url = port, connString(appRole, password, port, appDatabase)
}

// join finds the server that the owner runs; false means not ready yet.
func (l *Local) join(ctx context.Context) (bool, error) {
	password, err := l.cluster.readPassword(appRole)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, errs.Wrap(err, errs.Unavailable,
			"the data folder %s belongs to another user: run the command as that user", filepath.Dir(l.cluster.dir))
	}
	pm, err := l.cluster.postmaster()
	if err != nil || !pm.ready {
		return false, nil
	}
	if !answers(ctx, connString(appRole, password, pm.port, appDatabase)) {
		return false, nil
	}
	l.address(pm.port, password)
	return true, nil
}

// keep watches over the server until Stop: an owner restarts a server that died, a guest takes the place of an owner
// that went away.
func (l *Local) keep() {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.keeper.Go(func() {
		for pause(ctx, time.Second) == nil {
			if err := l.restore(ctx); err != nil && ctx.Err() == nil {
				l.cluster.log.Error("the private database does not start again", "err", err)
			}
		}
	})
}

// restore starts the server again, on the port that clients know, if it is gone and nobody else owns it.
func (l *Local) restore(ctx context.Context) error {
	l.mu.Lock()
	alive := l.server != nil && l.server.alive()
	l.mu.Unlock()
	if alive {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	restarted, err := l.own(ctx, l.port)
	if restarted {
		l.cluster.log.Warn("the private database was gone and has been started again", "port", l.port)
	}
	return err
}

// pause waits for d or for the end of ctx, whose cause it returns.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
