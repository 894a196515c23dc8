package chat

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"handrail/internal/errs"
	"handrail/internal/events"
	"handrail/internal/postgres"
)

// Config tunes a [Log]. The zero value is right for a server.
type Config struct {
	Writers  int           // concurrent transactions of the group commit; 0 means 2
	MaxBatch int           // entries in one transaction at most; 0 means 512
	Timeout  time.Duration // of one transaction of the group commit; 0 means 10 s
}

// Log reads and writes conversations. It is safe for concurrent use, by any number of nodes on one database.
type Log struct {
	db     *postgres.DB
	bus    *events.Bus
	config Config

	ctx     context.Context               // of the writers; set by Start
	stored  atomic.Pointer[func(Message)] // hears of every entry that this node stores; set by OnCommit
	queue   queue
	lookups lookups
	blocked chan struct{} // bounds the writers that wait for a conversation locked by someone else
	running sync.WaitGroup
	behind  behind
}

// blockedWriters is how many connections may wait for locked conversations at a time. A node that hangs with a
// conversation locked then delays that conversation, not the others.
const blockedWriters = 2

// lockNotAvailable is the SQLSTATE of a lock_timeout.
const lockNotAvailable = "55P03"

// NewLog returns a log that reads, decides and claims turns at once, and appends once it was started. Without a bus
// it gives no hints, as in a command that runs alone.
func NewLog(db *postgres.DB, bus *events.Bus, c Config) *Log {
	if c.Writers == 0 {
		c.Writers = 2
	}
	if c.MaxBatch == 0 {
		c.MaxBatch = 512
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	l := &Log{db: db, bus: bus, config: c, queue: newQueue(), blocked: make(chan struct{}, blockedWriters)}
	l.lookups = l.newLookups()
	return l
}

// Start lets Append write. The end of ctx does not stop the log, so that a server that shuts down can still store
// what it has accepted; Stop does.
func (l *Log) Start(ctx context.Context) {
	l.ctx = context.WithoutCancel(ctx)
	l.queue.open()
}

// Stop refuses new appends, writes those that wait, and returns when no writer is left.
func (l *Log) Stop() {
	l.queue.shut()
	l.running.Wait()
}

// changed says what the world should hear about a conversation after a commit.
type changed struct {
	Conversation
	turn bool  // a turn became due
	desk bool  // its state or agent changed
	from int64 // the agent who had it before, 0 = none
}

// OnCommit makes fn hear of every entry that this node stores from now on, after its transaction and before its hint.
// The entries of a conversation come in order, except for those of decisions, which may overtake or be overtaken: fn
// looks at their numbers. It must not block.
func (l *Log) OnCommit(fn func(Message)) { l.stored.Store(&fn) }

// committed hands over what a transaction has stored, then tells the other nodes.
func (l *Log) committed(d *draft) {
	if stored := l.stored.Load(); stored != nil {
		for i := range d.fresh {
			(*stored)(d.fresh[i].Message)
		}
	}
	l.announce(d.changes()...)
}

// announce publishes hints. Losing one is harmless, so failures are not reported.
func (l *Log) announce(changes ...changed) {
	for _, c := range changes {
		l.behind.add(key{c.Workspace, c.ID})
	}
	if l.bus == nil {
		return
	}
	turn := false
	for _, c := range changes {
		_ = l.bus.Publish(HintSubject(c.ID), Hint{Conversation: c.ID, LastSeq: c.LastSeq})
		if c.desk {
			_ = l.bus.Publish("desk."+c.Workspace.String(), DeskHint{Agents: []int64{c.from, c.AgentID}})
		}
		turn = turn || c.turn
	}
	if turn {
		_ = l.bus.Publish("turn.due", struct{}{})
	}
}

// busy gives the errors of a conversation that stays locked, or of a transaction that takes too long, their kind.
func busy(err error) error {
	var pgErr *pgconn.PgError
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &pgErr) && pgErr.Code == lockNotAvailable {
		return errs.Wrap(err, errs.Unavailable, "the conversation is busy: try again in a moment")
	}
	return err
}

func notFound() error {
	return errs.New(errs.NotFound, "there is no such conversation")
}
