package handoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/hours"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

// never stands for the opening of a desk whose schedule has none within sight.
const never = 10 * 365 * 24 * time.Hour

// Hours lists the schedules of a workspace, by name.
func (d *Desk) Hours(ctx context.Context, ws uuid.UUID) (list []hours.Schedule, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT schedule FROM desk_hours WHERE workspace_id = $1 ORDER BY name`, ws)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[hours.Schedule])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the opening hours: %w", err)
	}
	return list, nil
}

// SetHours replaces the schedules of a workspace. Those that a group names must stay. The one named default holds for
// every group that names none, and for what is for no group. What waits is looked at anew. Errors are of kind
// errs.Invalid and name the field, or errs.Conflict for hours that are in use.
func (d *Desk) SetHours(ctx context.Context, ws uuid.UUID, actor string, list []hours.Schedule) error {
	names := make([]string, len(list))
	seen := map[string]bool{}
	for i, s := range list {
		if _, err := hours.Parse(s); err != nil {
			return err
		}
		if seen[s.Name] {
			return errs.New(errs.Invalid, "there are two hours named %q: give one another name", s.Name)
		}
		names[i], seen[s.Name] = s.Name, true
	}
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := replaceHours(ctx, tx, ws, list, names); err != nil {
			return err
		}
		if err := reopen(ctx, tx, ws); err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "hours.change", Target: "hours:all",
			Data: map[string]any{"names": names}})
	})
	if err != nil {
		return err
	}
	d.changed(ws)
	return nil
}

func replaceHours(ctx context.Context, tx pgx.Tx, ws uuid.UUID, list []hours.Schedule, names []string) error {
	var user, used string
	err := tx.QueryRow(ctx, `
		SELECT name, hours FROM agent_groups WHERE workspace_id = $1 AND hours <> '' AND NOT hours = ANY($2)
		ORDER BY name LIMIT 1`, ws, names).Scan(&user, &used)
	if err == nil {
		return errs.New(errs.Conflict, "the group %q is open by the hours %q: keep them, or change the group first", user, used)
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	var b pgx.Batch
	b.Queue(`DELETE FROM desk_hours WHERE workspace_id = $1`, ws)
	for _, s := range list {
		b.Queue(`INSERT INTO desk_hours (workspace_id, name, schedule) VALUES ($1, $2, $3)`, ws, s.Name, s)
	}
	return tx.SendBatch(ctx, &b).Close()
}

// opensAt returns when a group's desk opens, or nil if it is open at the moment or has no hours.
func opensAt(ctx context.Context, tx pgx.Tx, ws uuid.UUID, team string, at time.Time) (*time.Time, error) {
	var raw []byte
	err := tx.QueryRow(ctx, `
		SELECT schedule FROM desk_hours
		WHERE workspace_id = $1
		      AND name = coalesce((SELECT nullif(hours, '') FROM agent_groups WHERE workspace_id = $1 AND name = $2), 'default')`,
		ws, team).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the opening hours: %w", err)
	}
	var s hours.Schedule
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("read the opening hours: %w", err)
	}
	calendar, err := hours.Parse(s)
	if err != nil {
		return nil, err
	}
	next := calendar.NextOpen(at)
	switch {
	case next.Equal(at):
		return nil, nil
	case next.IsZero():
		next = at.Add(never)
	}
	return &next, nil
}

// reopen looks anew at whether the groups are open for which somebody waits, after hours or groups have changed.
func reopen(ctx context.Context, tx pgx.Tx, ws uuid.UUID) error {
	rows, err := tx.Query(ctx, `
		SELECT DISTINCT team FROM handoffs WHERE workspace_id = $1 AND waiting_since IS NOT NULL`, ws)
	if err != nil {
		return err
	}
	teams, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	at := time.Now()
	for _, team := range teams {
		opens, err := opensAt(ctx, tx, ws, team, at)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE handoffs SET opens_at = $3
			WHERE workspace_id = $1 AND team = $2 AND waiting_since IS NOT NULL
			      AND (opens_at > now() OR $3::timestamptz IS NOT NULL)`,
			ws, team, opens)
		if err != nil {
			return err
		}
	}
	return nil
}
