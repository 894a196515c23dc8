// Package client speaks docs/protocol.md: a visitor's or an agent's end of the chat over WebSocket. It is the
// reference that clients in other languages may copy, and what the fault tests and load generators drive.
//
// It keeps the promises that the protocol asks of a client:
//
//   - What was sent stays in an outbox and is sent again, under the same client id, on every new connection, until it
//     is acknowledged, shown or refused for good. Entries of one conversation leave one after the other, so that their
//     order survives failures.
//   - An entry n is shown only if n is the cursor plus one. Lower numbers are ignored; on a higher one the client asks
//     again from its cursor.
//   - A lost connection is opened again, to the next of the given servers, after a random pause whose bound doubles.
//     A server that leaves a greeting or a message unanswered counts as lost.
//
// One connection goes through these states:
//
//	         ticket, dial, hello            welcome
//	away ------------------------> greeting ---------> live
//	  ^                                |                |
//	  +---------- pause <--------------+----------------+  closed, silent, or unanswered
//
// [Visitor] and [Agent] are safe for concurrent use. Handlers are called by one goroutine at a time, in order, and must
// not block for long: while they do, nothing is read.
//
// The package has no tables.
package client

import (
	"context"
	"net"
	"net/http"
	"time"

	"handrail/internal/errs"
)

// Config says which servers to use and how patient to be. URLs is needed; the other zero values are right.
type Config struct {
	URLs []string // base URLs of any number of nodes, such as https://chat.example; at least one

	// Dial opens connections, for tickets and sockets alike; nil means a plain [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	Patience   time.Duration // for a welcome or an acknowledgement before the connection counts as lost; 0 means 10 s
	PauseFirst time.Duration // bound of the first pause; 0 means 0.5 s
	PauseMost  time.Duration // bound of every later pause, which doubles up to here; 0 means 30 s
}

// Handlers are told what happens. Each may be nil.
type Handlers struct {
	Entry     func(Entry)               // the next entry of a conversation, exactly once and in order
	Acked     func(Ack)                 // a message is committed
	Refused   func(Refusal)             // a frame was refused for good; it has left the outbox
	Delta     func(Delta)               // a piece of an answer that is being written
	State     func(State)               // who is in charge, after a welcome and after every change
	Desk      func(Desk)                // staff only: the queue and one's own conversations
	Connected func(url string)          // a server has welcomed this client
	Lost      func(url string, _ error) // the connection to it has ended, or could not be made
}

// silenceLimit is how long a connection may be silent: the server pings every 10 seconds.
const silenceLimit = 35 * time.Second

func (c *Config) fill() error {
	if len(c.URLs) == 0 {
		return errs.New(errs.Invalid, "the client has no server to connect to: give at least one URL")
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	if c.PauseFirst == 0 {
		c.PauseFirst = 500 * time.Millisecond
	}
	if c.PauseMost == 0 {
		c.PauseMost = 30 * time.Second
	}
	return nil
}

// requests is the client for tickets. Connections are not kept: the next ticket may well come from another server.
func (c *Config) requests() *http.Client {
	return &http.Client{Timeout: c.Patience, Transport: &http.Transport{DialContext: c.Dial, DisableKeepAlives: true}}
}
