package handoff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
)

// Place is where a conversation stands in the queue of its group.
type Place struct {
	Position int           // 1 = next; 0 = not in the queue
	Wait     time.Duration // expected, see [routing.Wait]; 0 = at once, or unknown
	Error    time.Duration // of the expected wait; 0 = it is unknown
	Closed   bool          // it is out of hours, or no agent of the group is on duty
	OpensAt  *time.Time    // when the hours begin again; nil = not known
}

// recent is how many of the latest assignments tell how long a conversation takes.
const recent = 200

// Position says where a conversation stands and how long it may take.
func (d *Desk) Position(ctx context.Context, ws, conversation uuid.UUID) (p Place, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		p, err = position(ctx, tx, ws, conversation)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Place{}, nil
	}
	if err != nil {
		return Place{}, fmt.Errorf("read the place in the queue: %w", err)
	}
	return p, nil
}

func position(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID) (p Place, err error) {
	var team string
	// The negation of front makes one row comparison of (front DESC, rank, id).
	err = tx.QueryRow(ctx, `
		SELECT mine.team, CASE WHEN mine.opens_at > now() THEN mine.opens_at END,
		       (SELECT count(*) FROM handoffs h
		        WHERE h.workspace_id = $1 AND h.team = mine.team AND h.waiting_since IS NOT NULL
		              AND (NOT h.front, h.rank, h.id) <= (NOT mine.front, mine.rank, mine.id))
		FROM handoffs mine
		WHERE mine.workspace_id = $1 AND mine.conversation_id = $2 AND mine.waiting_since IS NOT NULL`, ws, conversation).
		Scan(&team, &p.OpensAt, &p.Position)
	if err != nil {
		return Place{}, err
	}
	o, agents, err := outlook(ctx, tx, ws, team)
	if err != nil {
		return Place{}, err
	}
	p.Closed = agents == 0 || p.OpensAt != nil
	if p.OpensAt != nil && time.Until(*p.OpensAt) > never/2 {
		p.OpensAt = nil
	}
	if !p.Closed {
		o.Ahead = p.Position - 1
		e := routing.Wait(o)
		p.Wait, p.Error = e.Wait, e.Error
	}
	return p, nil
}

// outlook is what lies before a group's queue, and how many of its agents are there, also those who take no more.
func outlook(ctx context.Context, tx pgx.Tx, ws uuid.UUID, team string) (o routing.Outlook, agents int, err error) {
	var service, spread float64
	err = tx.QueryRow(ctx, `
		WITH members AS (
			SELECT m.user_id FROM agent_groups g
			JOIN group_members m ON m.workspace_id = g.workspace_id AND m.group_id = g.id
			WHERE g.workspace_id = $1 AND g.name = $2)
		SELECT duty.slots, duty.busy, duty.agents, done.mean, done.spread, done.n
		FROM (SELECT coalesce(sum(capacity) FILTER (WHERE status = 'online'), 0) AS slots,
		             coalesce(sum(load + offered) FILTER (WHERE status = 'online'), 0) AS busy, count(*) AS agents
		      FROM agents
		      WHERE workspace_id = $1 AND status <> 'offline' AND lease_until > now()
		            AND (user_id IN (SELECT user_id FROM members) OR NOT EXISTS (SELECT FROM members))) duty,
		     (SELECT coalesce(extract(epoch FROM avg(ended_at - started_at)), 0)::float8 AS mean,
		             coalesce(stddev_samp(extract(epoch FROM ended_at - started_at)), 0)::float8 AS spread, count(*) AS n
		      FROM (SELECT started_at, ended_at FROM assignments WHERE workspace_id = $1
		            ORDER BY started_at DESC LIMIT $3) latest
		      WHERE ended_at IS NOT NULL) done`, ws, team, recent).
		Scan(&o.Slots, &o.Busy, &agents, &service, &spread, &o.Samples)
	o.Service, o.Spread = time.Duration(service*float64(time.Second)), time.Duration(spread*float64(time.Second))
	return o, agents, err
}
