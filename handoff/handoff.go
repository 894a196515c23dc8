// Package handoff brings conversations to people: it queues them, assigns them to agents, and takes them back.
//
// Tables: agents, agent_groups, group_members, desk_hours, desk_sla, handoffs, offers, assignments, guests, desk_alerts,
// routing_versions. Conversations are changed through package chat only.
//
// It guarantees:
//
//   - A conversation is with one agent at most: a unique index holds the open assignments.
//   - No agent has, or is offered, more conversations than their capacity: the load is counted under the lock of the
//     agent's row, and a constraint checks it.
//   - The queue of each group is served by age, where a point of priority counts as five minutes of waiting: nobody is
//     overtaken for ever. A conversation whose agent has gone goes first.
//   - What a person decides holds: the assigner gives away only what is still free under its locks, and takes nothing
//     from anybody who is there.
//   - Each limit on waiting raises one alert per handoff, whatever number of nodes look after it.
//   - An agent is present for as long as they renew a lease on the database's clock. When it ends, each of their
//     conversations goes back to the queue, once, whatever number of nodes look after it.
//
// A handoff and its assignments:
//
//	Enqueue          Assign, Claim            Close, Return
//	   +--> waiting ----------------> assigned ---------------> ended
//	        |  ^  ^                     |
//	Assign  |  |  +---------------------+  the agent's lease ends, Transfer to a group
//	        v  |  decline, time-out
//	       offered ---------------> assigned
//	                 Accept
//
// Every transaction locks agents by number, then the open handoff, then the conversation, so that no two wait for each
// other. Assignments and offers change only under the lock of their agent and of their handoff.
//
//	enqueue.go   into the queue, where the rules say
//	plan.go      who gets what, on one look; assign.go and offer.go carry it out
//	parties.go   the locks of what people decide: claim, accept, decline, transfer, close, return
//	opening.go   when groups are on duty
//	sla.go       who has waited for too long
//	board.go     what the desk shows
package handoff

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/internal/chat"
	"handrail/internal/events"
	"handrail/internal/postgres"
	"handrail/internal/webhook"
)

// Config tunes a [Desk]. The zero value is right for a server.
type Config struct {
	Lease time.Duration // life of an agent's presence; 0 means 30 s. Renew it three times as often.
	Tick  time.Duration // how often expired leases and forgotten queues are looked for; 0 means 5 s
	Watch time.Duration // how often offers and limits on waiting are looked at; 0 means 1 s

	Hooks *webhook.Hooks // hear of what happens; nil = nobody does
}

// Desk is the place where agents get their conversations. It is safe for concurrent use, by any number of nodes on
// one database.
type Desk struct {
	db     *postgres.DB
	log    *chat.Log
	bus    *events.Bus
	config Config

	rules ruleCache

	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a desk. Queue, assignments and presence work at once; Start adds what happens by itself.
func New(db *postgres.DB, log *chat.Log, bus *events.Bus, c Config) *Desk {
	if c.Lease == 0 {
		c.Lease = 30 * time.Second
	}
	if c.Tick == 0 {
		c.Tick = 5 * time.Second
	}
	if c.Watch == 0 {
		c.Watch = time.Second
	}
	return &Desk{db: db, log: log, bus: bus, config: c, stop: func() {}}
}

// changed tells consoles and the assigners of all nodes to look again. A lost hint is made up for by the next tick.
func (d *Desk) changed(ws uuid.UUID) {
	_ = d.bus.Publish(subject(ws), struct{}{})
}

func subject(ws uuid.UUID) string { return "desk." + ws.String() }
