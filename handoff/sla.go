package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/webhook"
)

// The kinds of alerts.
const (
	AlertFirstResponse = "first_response" // no person has written yet
	AlertWaiting       = "waiting"        // no person has it yet
)

// SLA is how long visitors may wait, and who hears of it when they wait longer. Time counts from the handoff, or from the
// opening of the desk if it was closed then.
type SLA struct {
	FirstResponseS int // seconds until a person writes; 0 = no limit
	WaitingS       int // seconds until a person has the conversation; 0 = no limit
	Ladder         []Step
}

// Step is one rung of the ladder of an alert that nobody has answered.
type Step struct {
	AfterS int    `json:"after_s"` // seconds since the limit was passed
	Notify string `json:"notify"`  // agent (in charge), group, admins or webhook
}

// DefaultSLA holds in a workspace that has set nothing.
func DefaultSLA() SLA { return SLA{FirstResponseS: 30, WaitingS: 120} }

// SLA returns the limits of a workspace.
func (d *Desk) SLA(ctx context.Context, ws uuid.UUID) (s SLA, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		s, err = readSLA(ctx, tx, ws)
		return err
	})
	return s, err
}

func readSLA(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (s SLA, err error) {
	err = tx.QueryRow(ctx, `
		SELECT first_response_s, waiting_s, ladder FROM desk_sla WHERE workspace_id = $1`, ws).
		Scan(&s.FirstResponseS, &s.WaitingS, &s.Ladder)
	if errors.Is(err, pgx.ErrNoRows) {
		return DefaultSLA(), nil
	}
	if err != nil {
		return SLA{}, fmt.Errorf("read the limits on waiting: %w", err)
	}
	return s, nil
}

// SetSLA changes the limits. Errors are of kind errs.Invalid and name the field.
func (d *Desk) SetSLA(ctx context.Context, ws uuid.UUID, actor string, s SLA) error {
	if s.FirstResponseS < 0 || s.WaitingS < 0 {
		return errs.New(errs.Invalid, "a limit is a number of seconds, and 0 turns it off")
	}
	for i, step := range s.Ladder {
		if !slices.Contains([]string{"agent", "group", "admins", "webhook"}, step.Notify) {
			return errs.New(errs.Invalid, "step %d of the ladder notifies %q: use agent, group, admins or webhook", i+1, step.Notify)
		}
		if step.AfterS < 0 || i > 0 && step.AfterS < s.Ladder[i-1].AfterS {
			return errs.New(errs.Invalid, "step %d of the ladder comes after %d s: it must not come before the step above", i+1, step.AfterS)
		}
	}
	if s.Ladder == nil {
		s.Ladder = []Step{}
	}
	return d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO desk_sla (workspace_id, first_response_s, waiting_s, ladder) VALUES ($1, $2, $3, $4)
			ON CONFLICT (workspace_id) DO UPDATE SET first_response_s = excluded.first_response_s,
			    waiting_s = excluded.waiting_s, ladder = excluded.ladder`, ws, s.FirstResponseS, s.WaitingS, s.Ladder)
		if err != nil {
			return fmt.Errorf("store the limits on waiting: %w", err)
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "sla.change", Target: "sla:all",
			Data: map[string]any{"first_response_s": s.FirstResponseS, "waiting_s": s.WaitingS, "ladder": s.Ladder}})
	})
}

// CheckSLA raises the alerts that are due at a moment, takes those that have not been answered up the ladder, and clears
// those that have. It returns how many it raised. The zero time means now, on the database's clock. What counts is when
// things happened, not when they are looked at, so that neither late nor repeated checks change the outcome.
func (d *Desk) CheckSLA(ctx context.Context, ws uuid.UUID, at time.Time) (raised int, err error) {
	changed := 0
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if at.IsZero() {
			if err := tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&at); err != nil {
				return err
			}
		}
		s, err := readSLA(ctx, tx, ws)
		if err != nil {
			return err
		}
		if raised, err = d.raiseAll(ctx, tx, ws, s, at); err != nil {
			return err
		}
		cleared, err := clearAnswered(ctx, tx, ws, at)
		if err != nil {
			return err
		}
		called, err := d.escalate(ctx, tx, ws, s.Ladder, at)
		changed = raised + cleared + called
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("check the limits on waiting: %w", err)
	}
	if changed > 0 {
		d.changed(ws)
	}
	return raised, nil
}

// late is a handoff that has passed a limit.
type late struct {
	Handoff      int64
	Conversation uuid.UUID
	Team         string
	Kind         string
	Since        time.Time
}

func (d *Desk) raiseAll(ctx context.Context, tx pgx.Tx, ws uuid.UUID, s SLA, at time.Time) (int, error) {
	found, err := overdue(ctx, tx, ws, s, at)
	if err != nil {
		return 0, err
	}
	raised := 0
	for _, l := range found {
		// The key of the table lets one node raise it, once.
		tag, err := tx.Exec(ctx, `
			INSERT INTO desk_alerts (workspace_id, handoff_id, kind, conversation_id, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, ws, l.Handoff, l.Kind, l.Conversation, l.Since)
		if err != nil {
			return raised, err
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		raised++
		if err := d.emitAlert(ctx, tx, ws, l, 1); err != nil {
			return raised, err
		}
	}
	return raised, nil
}

// overdue lists the open handoffs that have passed a limit and have no alert for it. The first text of a person is looked
// for among the entries since the handoff, and remembered once it was found in time.
func overdue(ctx context.Context, tx pgx.Tx, ws uuid.UUID, s SLA, at time.Time) ([]late, error) {
	rows, err := tx.Query(ctx, `
		WITH open AS (
			SELECT h.*, greatest(h.queued_at, h.opens_at) AS began
			FROM handoffs h
			WHERE h.workspace_id = $1 AND h.ended_at IS NULL AND h.replied_at IS NULL
			      AND h.queued_at < $2::timestamptz - make_interval(secs => least(nullif($3::int, 0), nullif($4::int, 0))))
		SELECT h.id, h.conversation_id, h.team, 'first_response', h.began + make_interval(secs => $3)
		FROM open h LEFT JOIN LATERAL (`+firstReply+`) reply ON true
		WHERE $3 > 0 AND least(reply.at, $2) > h.began + make_interval(secs => $3)
		      AND NOT EXISTS (SELECT FROM desk_alerts a
		                      WHERE a.workspace_id = $1 AND a.handoff_id = h.id AND a.kind = 'first_response')
		UNION ALL
		SELECT h.id, h.conversation_id, h.team, 'waiting', h.began + make_interval(secs => $4)
		FROM open h LEFT JOIN LATERAL (
			SELECT min(a.started_at) AS at FROM assignments a WHERE a.workspace_id = $1 AND a.handoff_id = h.id) taken ON true
		WHERE $4 > 0 AND least(taken.at, $2) > h.began + make_interval(secs => $4)
		      AND NOT EXISTS (SELECT FROM desk_alerts a
		                      WHERE a.workspace_id = $1 AND a.handoff_id = h.id AND a.kind = 'waiting')
		ORDER BY 1, 4`,
		ws, at, s.FirstResponseS, s.WaitingS)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[late])
}

// firstReply finds when a person first wrote to the visitor after handoff h.
const firstReply = `
	SELECT m.at FROM messages m
	WHERE m.workspace_id = h.workspace_id AND m.conversation_id = h.conversation_id AND m.seq > h.from_seq
	      AND m.sender_kind = 'agent' AND m.kind IN ('text', 'file')
	ORDER BY m.seq LIMIT 1`

// clearAnswered notes the first replies, and clears the alerts that they, or an agent who took the conversation, answer.
func clearAnswered(ctx context.Context, tx pgx.Tx, ws uuid.UUID, at time.Time) (int, error) {
	_, err := tx.Exec(ctx, `
		WITH answered AS (
			SELECT h.id, reply.at FROM handoffs h CROSS JOIN LATERAL (`+firstReply+`) reply
			WHERE h.workspace_id = $1 AND h.ended_at IS NULL AND h.replied_at IS NULL AND h.waiting_since IS NULL
			      AND reply.at <= $2
			FOR UPDATE OF h SKIP LOCKED)
		UPDATE handoffs h SET replied_at = answered.at FROM answered WHERE h.workspace_id = $1 AND h.id = answered.id`, ws, at)
	if err != nil {
		return 0, fmt.Errorf("note the first replies: %w", err)
	}
	tag, err := tx.Exec(ctx, `
		UPDATE desk_alerts a SET cleared_at = $2
		FROM handoffs h
		WHERE a.workspace_id = $1 AND a.cleared_at IS NULL AND h.workspace_id = $1 AND h.id = a.handoff_id
		      AND (h.ended_at IS NOT NULL OR h.replied_at IS NOT NULL
		           OR a.kind = 'waiting' AND h.waiting_since IS NULL)`, ws, at)
	return int(tag.RowsAffected()), err
}

// escalate takes every alert that is open as far up the ladder as its age says.
func (d *Desk) escalate(ctx context.Context, tx pgx.Tx, ws uuid.UUID, ladder []Step, at time.Time) (int, error) {
	called := 0
	for i, step := range ladder {
		rows, err := tx.Query(ctx, `
			UPDATE desk_alerts a SET level = greatest(level, $3), notified = array_append(notified, $4)
			FROM handoffs h
			WHERE a.workspace_id = $1 AND a.cleared_at IS NULL AND a.since + make_interval(secs => $5) <= $2
			      AND cardinality(a.notified) = $6 AND h.workspace_id = $1 AND h.id = a.handoff_id
			RETURNING a.handoff_id, a.conversation_id, h.team, a.kind, a.since`,
			ws, at, i+1, step.Notify, step.AfterS, i)
		if err != nil {
			return called, err
		}
		reached, err := pgx.CollectRows(rows, pgx.RowToStructByPos[late])
		if err != nil {
			return called, err
		}
		called += len(reached)
		for _, l := range reached {
			if step.Notify != "webhook" {
				continue
			}
			if err := d.emitAlert(ctx, tx, ws, l, i+1); err != nil {
				return called, err
			}
		}
	}
	return called, nil
}

func (d *Desk) emitAlert(ctx context.Context, tx pgx.Tx, ws uuid.UUID, l late, level int) error {
	event := webhook.FirstResponse
	if l.Kind == AlertWaiting {
		event = webhook.TooLong
	}
	return d.emit(ctx, tx, &chat.Conversation{Workspace: ws, ID: l.Conversation}, event,
		map[string]any{"group": l.Team, "since": l.Since, "level": level})
}
