package handoff

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Board is what the desk shows beside the queue, for a whole workspace. One read serves everybody who looks at it.
type Board struct {
	Marks  map[uuid.UUID]Mark
	Offers []Offer
	Alerts []Alert
	Guests map[int64][]uuid.UUID // agent -> conversations into which they were invited
}

// Mark is what there is to know about an open handoff.
type Mark struct {
	Group      string
	DueAt      *time.Time // the first response is due then; nil = it was given, or there is no limit
	OutOfHours bool       // it came while the desk was closed
	Unread     int        // visitor's messages since a person last wrote
}

// Offer is a conversation that an agent may accept.
type Offer struct {
	Conversation uuid.UUID
	Agent        int64
	Since        time.Time
	ExpiresAt    time.Time
}

// Alert is a limit that was passed.
type Alert struct {
	Conversation uuid.UUID
	Kind         string // AlertFirstResponse or AlertWaiting
	Since        time.Time
	Level        int      // of the ladder, from 1
	agent        int64    // in charge
	members      []int64  // of the group; empty = all
	notified     []string // by the ladder
}

// For reports whether an alert is to be shown to a member of staff: to the agent in charge, to the group, and to
// administrators once the ladder calls them.
func (a Alert) For(user int64, admin bool) bool {
	return user == a.agent || len(a.members) == 0 || slices.Contains(a.members, user) ||
		admin && slices.Contains(a.notified, "admins")
}

// Board reads the desk of a workspace.
func (d *Desk) Board(ctx context.Context, ws uuid.UUID) (b Board, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if b.Marks, err = marks(ctx, tx, ws); err != nil {
			return err
		}
		if b.Offers, err = openOffers(ctx, tx, ws); err != nil {
			return err
		}
		if b.Alerts, err = openAlerts(ctx, tx, ws); err != nil {
			return err
		}
		b.Guests, err = guests(ctx, tx, ws)
		return err
	})
	if err != nil {
		return Board{}, fmt.Errorf("read the desk: %w", err)
	}
	return b, nil
}

func marks(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (map[uuid.UUID]Mark, error) {
	s, err := readSLA(ctx, tx, ws)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
		SELECT h.conversation_id, h.team, h.opens_at IS NOT NULL,
		       CASE WHEN $2::int > 0 AND h.replied_at IS NULL AND reply.at IS NULL
		            THEN greatest(h.queued_at, h.opens_at) + make_interval(secs => $2) END,
		       unread.n
		FROM handoffs h
		LEFT JOIN LATERAL (`+firstReply+`) reply ON h.waiting_since IS NULL AND h.replied_at IS NULL
		CROSS JOIN LATERAL (
			SELECT count(*) AS n FROM (
				SELECT m.sender_kind = 'visitor' AS visitor FROM messages m
				WHERE m.workspace_id = h.workspace_id AND m.conversation_id = h.conversation_id AND m.kind IN ('text', 'file')
				      AND m.seq > coalesce((
					SELECT a.seq FROM messages a
					WHERE a.workspace_id = h.workspace_id AND a.conversation_id = h.conversation_id
					      AND a.sender_kind = 'agent' AND a.kind IN ('text', 'file') AND a.seq > h.from_seq
					ORDER BY a.seq DESC LIMIT 1), h.from_seq)
				ORDER BY m.seq DESC LIMIT 100) latest
			WHERE latest.visitor AND h.waiting_since IS NULL) unread
		WHERE h.workspace_id = $1 AND h.ended_at IS NULL`, ws, s.FirstResponseS)
	if err != nil {
		return nil, err
	}
	byConversation := map[uuid.UUID]Mark{}
	var id uuid.UUID
	var m Mark
	_, err = pgx.ForEachRow(rows, []any{&id, &m.Group, &m.OutOfHours, &m.DueAt, &m.Unread}, func() error {
		byConversation[id] = m
		return nil
	})
	return byConversation, err
}

func openOffers(ctx context.Context, tx pgx.Tx, ws uuid.UUID) ([]Offer, error) {
	rows, err := tx.Query(ctx, `
		SELECT conversation_id, agent_id, offered_at, expires_at FROM offers
		WHERE workspace_id = $1 AND ended_at IS NULL ORDER BY id`, ws)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Offer])
}

func openAlerts(ctx context.Context, tx pgx.Tx, ws uuid.UUID) ([]Alert, error) {
	rows, err := tx.Query(ctx, `
		SELECT a.conversation_id, a.kind, a.since, a.level, a.notified, coalesce(c.agent_id, 0),
		       array(SELECT m.user_id FROM agent_groups g
		             JOIN group_members m ON m.workspace_id = g.workspace_id AND m.group_id = g.id
		             WHERE g.workspace_id = $1 AND g.name = h.team)
		FROM desk_alerts a
		JOIN handoffs h ON h.workspace_id = a.workspace_id AND h.id = a.handoff_id
		JOIN conversations c ON c.workspace_id = a.workspace_id AND c.id = a.conversation_id
		WHERE a.workspace_id = $1 AND a.cleared_at IS NULL ORDER BY a.since, a.handoff_id`, ws)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Alert, err error) {
		err = row.Scan(&a.Conversation, &a.Kind, &a.Since, &a.Level, &a.notified, &a.agent, &a.members)
		return a, err
	})
}

func guests(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (map[int64][]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `
		SELECT agent_id, conversation_id FROM guests WHERE workspace_id = $1 ORDER BY joined_at`, ws)
	if err != nil {
		return nil, err
	}
	byAgent := map[int64][]uuid.UUID{}
	var agent int64
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&agent, &id}, func() error {
		byAgent[agent] = append(byAgent[agent], id)
		return nil
	})
	return byAgent, err
}
