// Package events carries hints between the parts and nodes of Handrail, over core NATS.
//
// A hint says that something changed and where to look; the truth is in PostgreSQL. A lost hint therefore costs
// latency, never data, and nothing here is stored or retried. The subjects:
//
//	conv.<uuid>.hint     {conversation, last_seq}      new entries in a conversation
//	conv.<uuid>.delta    {turn, offset, text}          streamed answer so far
//	conv.<uuid>.typing   {kind, id, name, on}
//	desk.<workspace>     {}                            queue or assignments changed
//	turn.due             {}                            a visitor awaits the bot
//
// Where the server runs depends on [Config]:
//
//	no URL, no routes    inside this process, reached over a pipe, with no open port
//	no URL, directory    inside this process, clustered with the other nodes of the same database
//	no URL, routes       inside this process, clustered with the other nodes' servers
//	URL                  elsewhere; this process is a client
//
// Tables: nodes, cluster (see [Directory]).
package events

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"handrail/internal/errs"
)

// Config says where the messages travel. The zero value serves a single node.
type Config struct {
	URL string // a nats:// URL of a running server; "" = a server inside this process

	// The rest applies to the server inside this process, when several nodes run one each.
	Routes []string // nats://host:port of other nodes' Listen addresses; the rest is found by gossip
	Listen string   // host:port where other nodes reach this one; needed when Routes is set
	Token  string   // shared secret of the nodes; needed when Routes is set

	// Directory finds the other nodes instead of Routes; nil = no search. Listen and Token may then be empty.
	Directory *Directory
}

// Bus publishes and subscribes. It is safe for concurrent use.
type Bus struct {
	conn   *nats.Conn
	server *server.Server // nil when the server runs elsewhere
	closed chan struct{}  // closed once the connection has drained
	once   sync.Once

	directory *Directory // nil when nodes do not look for each other
	leave     context.CancelFunc
	joined    sync.WaitGroup
}

// Subscription is one interest in a subject.
type Subscription struct {
	sub *nats.Subscription
}

// Open starts or reaches the server. Errors are of kind [errs.Invalid] for an unusable Config and [errs.Unavailable]
// when the server does not answer.
func Open(ctx context.Context, c Config) (*Bus, error) {
	b := &Bus{closed: make(chan struct{})}
	var err error
	if c.URL != "" {
		err = b.connect(ctx, c.URL)
	} else {
		err = b.embed(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Publish sends v as JSON to everyone subscribed to subject now. An error means that nobody will get it; callers that
// only hint may ignore it.
func (b *Bus) Publish(subject string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", subject, err)
	}
	if err := b.conn.Publish(subject, data); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	return nil
}

// Subscribe calls fn for every message on subject, one at a time and in order. The tokens * (one level) and > (the
// rest) match any. fn must not block for long: a subscriber that falls far behind loses messages. When Subscribe
// returns, the server knows of the interest.
func (b *Bus) Subscribe(subject string, fn func(subject string, data []byte)) (*Subscription, error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) { fn(m.Subject, m.Data) })
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "cannot listen to %s", subject)
	}
	if err := b.conn.FlushTimeout(connectTimeout); err != nil {
		_ = sub.Unsubscribe()
		return nil, errs.Wrap(err, errs.Unavailable, "cannot listen to %s", subject)
	}
	return &Subscription{sub: sub}, nil
}

// Close ends the interest. A call of fn that is under way is not awaited.
func (s *Subscription) Close() {
	// The only failure is a connection that is gone already, and the interest with it.
	_ = s.sub.Unsubscribe()
}

// Close lets the subscribers handle what has arrived, then disconnects and stops the server if it is ours. Closing
// twice is harmless.
func (b *Bus) Close() {
	b.once.Do(func() {
		if err := b.conn.Drain(); err != nil {
			b.conn.Close()
		}
		<-b.closed
		b.part()
		b.stopServer()
	})
}

// part takes this node out of the directory. If the database is away, the lease does.
func (b *Bus) part() {
	if b.directory == nil {
		return
	}
	b.leave()
	b.joined.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout/5)
	defer cancel()
	if err := b.directory.leave(ctx); err != nil {
		b.directory.Logger.Info("this node stays in the directory until its lease ends", "error", err)
	}
}

func (b *Bus) stopServer() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}
