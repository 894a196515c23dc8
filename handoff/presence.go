package handoff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// The values of an agent's status.
const (
	Online  = "online"  // gets conversations
	Away    = "away"    // keeps those it has and may claim others
	Offline = "offline" // gives them back when its lease ends
)

// Presence is an agent's availability.
type Presence struct {
	AgentID  int64
	Name     string
	Role     string
	Status   string // Online, Away or Offline; Offline when the lease has ended
	Load     int    // open assignments
	Capacity int    // the most it may have
}

// SetStatus records what an agent wants to be and, except for [Offline], starts a lease. An agent who goes offline
// keeps their conversations until the lease they have ends, so that a reloaded page loses nothing. Errors are of kind
// errs.Invalid for another status, and errs.Forbidden for a user who may not talk to visitors.
func (d *Desk) SetStatus(ctx context.Context, ws uuid.UUID, agentID int64, status string) error {
	if status != Online && status != Away && status != Offline {
		return errs.New(errs.Invalid, "the status %q is unknown: use online, away or offline", status)
	}
	err := d.update(ctx, ws, errs.New(errs.Forbidden, "only agents and administrators can talk to visitors"), `
		INSERT INTO agents (workspace_id, user_id, status, lease_until)
		SELECT workspace_id, id, $3, now() + $4 FROM users
		WHERE workspace_id = $1 AND id = $2 AND role IN ('agent', 'admin') AND disabled_at IS NULL
		ON CONFLICT (workspace_id, user_id) DO UPDATE
		SET status = excluded.status,
		    lease_until = CASE WHEN excluded.status = 'offline' THEN agents.lease_until ELSE excluded.lease_until END`,
		ws, agentID, status, d.config.Lease)
	if err != nil {
		return err
	}
	d.changed(ws)
	return nil
}

// SetCapacity limits how many conversations an agent may have, from 1 to 1,000. Fewer than the agent has at the moment
// gives errs.Conflict.
func (d *Desk) SetCapacity(ctx context.Context, ws uuid.UUID, agentID int64, capacity int) error {
	if capacity < 1 || capacity > 1000 {
		return errs.New(errs.Invalid, "the capacity is %d: it must be from 1 to 1000", capacity)
	}
	err := d.update(ctx, ws, errs.New(errs.Conflict, "the agent was never online or has more than %d conversations", capacity), `
		UPDATE agents SET capacity = $3 WHERE workspace_id = $1 AND user_id = $2 AND load + offered <= $3`, ws, agentID, capacity)
	if err != nil {
		return err
	}
	d.changed(ws)
	return nil
}

// comeBack is how long after the end of their lease an agent is still taken for the same shift: a restart or a broken
// network, not the next morning.
const comeBack = 10 * time.Minute

// Renew extends the lease of an agent who is online or away, or was until a moment ago. Others get errs.Conflict and must set their status again:
// their conversations may be back in the queue.
func (d *Desk) Renew(ctx context.Context, ws uuid.UUID, agentID int64) error {
	return d.update(ctx, ws, errs.New(errs.Conflict, "you are offline: go online again"), `
		UPDATE agents SET lease_until = now() + $3
		WHERE workspace_id = $1 AND user_id = $2 AND status <> 'offline' AND lease_until > now() - $4::interval`,
		ws, agentID, d.config.Lease, comeBack)
}

// update runs a statement that must change a row; otherwise none is the error.
func (d *Desk) update(ctx context.Context, ws uuid.UUID, none error, sql string, args ...any) error {
	return d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return fmt.Errorf("update the agent: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return none
		}
		return nil
	})
}

// Presence returns the availability of one member of staff, or an error of kind errs.NotFound.
func (d *Desk) Presence(ctx context.Context, ws uuid.UUID, agentID int64) (Presence, error) {
	list, err := d.presences(ctx, ws, agentID)
	if err != nil {
		return Presence{}, err
	}
	if len(list) == 0 {
		return Presence{}, errs.New(errs.NotFound, "there is no agent %d", agentID)
	}
	return list[0], nil
}

// Presences returns the availability of all who may talk to visitors, by name.
func (d *Desk) Presences(ctx context.Context, ws uuid.UUID) ([]Presence, error) {
	return d.presences(ctx, ws, 0)
}

// presences includes those who were never online, with the capacity that they would have.
func (d *Desk) presences(ctx context.Context, ws uuid.UUID, agentID int64) (list []Presence, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT u.id, u.name, u.role, CASE WHEN a.lease_until > now() THEN a.status ELSE 'offline' END,
			       coalesce(a.load, 0), coalesce(a.capacity, 5)
			FROM users u LEFT JOIN agents a ON a.workspace_id = u.workspace_id AND a.user_id = u.id
			WHERE u.workspace_id = $1 AND u.role IN ('agent', 'admin') AND u.disabled_at IS NULL
			      AND ($2::bigint = 0 OR u.id = $2)
			ORDER BY u.name, u.id`, ws, agentID)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Presence])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	return list, nil
}
