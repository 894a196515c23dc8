package handoff

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
)

const (
	// pageSize is how many of each group's queue are looked at together.
	pageSize = 200
	// loyalty is how long a visitor is given the same agent again.
	loyalty = 30 * 24 * time.Hour
	// askAgain is how soon an agent who refused an offer is asked again, if nobody else is there.
	askAgain = 30 * time.Second
)

// assignment is one step of a plan.
type assignment struct {
	conversation uuid.UUID
	handoff      int64
	team         string
	to           agent
	offer        time.Duration // how long the agent may think; 0 = given without asking
}

// waiter is one conversation of the queue, as the plan sees it.
type waiter struct {
	conversation uuid.UUID
	handoff      int64
	team         string
	need         routing.Need
	knows        int64   // the agent who spoke with the contact last, 0 = none
	refused      []int64 // agents who declined, or let the offer pass
	lately       []int64 // of these, who did so a moment ago
}

// present is an agent who is online, with room or without.
type present struct {
	routing.Candidate
	name   string
	groups []string
}

// plan decides who gets what, in the order of service, on one look at the desk. It is a proposal: what it rests on may
// have changed before it is carried out.
func (d *Desk) plan(ctx context.Context, ws uuid.UUID) (plan []assignment, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		staff, err := onDuty(ctx, tx, ws)
		if err != nil || !anyRoom(staff) {
			return err
		}
		groups, err := groupsByName(ctx, tx, ws)
		if err != nil {
			return err
		}
		// Where nobody on a page can be served, for want of a skill say, those behind them may be.
		for page := 0; len(plan) == 0; page++ {
			queue, err := heads(ctx, tx, ws, page)
			if err != nil || len(queue) == 0 {
				return err
			}
			plan = match(queue, staff, groups, time.Now())
		}
		return nil
	})
	return plan, err
}

func anyRoom(staff []present) bool {
	return slices.ContainsFunc(staff, func(p present) bool { return p.Load < p.Capacity })
}

// onDuty lists the agents who are online. What is offered to them counts as their load.
func onDuty(ctx context.Context, tx pgx.Tx, ws uuid.UUID) ([]present, error) {
	rows, err := tx.Query(ctx, `
		SELECT a.user_id, u.name, a.load + a.offered, a.capacity, a.idle_since, a.assigned_at, a.skills, a.languages,
		       array(SELECT g.name FROM group_members m
		             JOIN agent_groups g ON g.workspace_id = m.workspace_id AND g.id = m.group_id
		             WHERE m.workspace_id = a.workspace_id AND m.user_id = a.user_id)
		FROM agents a JOIN users u ON u.workspace_id = a.workspace_id AND u.id = a.user_id
		WHERE a.workspace_id = $1 AND a.status = 'online' AND a.lease_until > now() AND u.disabled_at IS NULL
		ORDER BY a.user_id`, ws)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p present, err error) {
		var assigned *time.Time
		err = row.Scan(&p.Agent, &p.name, &p.Load, &p.Capacity, &p.IdleSince, &assigned, &p.Skills, &p.Languages, &p.groups)
		if assigned != nil {
			p.AssignedAt = *assigned
		}
		return p, err
	})
}

// heads returns one page of the queue of each group, together in the order of service.
func heads(ctx context.Context, tx pgx.Tx, ws uuid.UUID, page int) ([]waiter, error) {
	rows, err := tx.Query(ctx, `
		SELECT h.conversation_id, h.id, h.team, h.need, coalesce(last.agent_id, 0), refusal.agents, refusal.lately
		FROM (SELECT DISTINCT team FROM handoffs WHERE workspace_id = $1 AND waiting_since IS NOT NULL) t
		CROSS JOIN LATERAL (
			SELECT * FROM handoffs h
			WHERE h.workspace_id = $1 AND h.team = t.team AND h.waiting_since IS NOT NULL AND h.offered_to IS NULL
			      AND (h.opens_at IS NULL OR h.opens_at <= now())
			ORDER BY h.front DESC, h.rank, h.id LIMIT $2 OFFSET $3) h
		LEFT JOIN LATERAL (
			SELECT a.agent_id
			FROM conversations mine
			JOIN conversations c ON c.workspace_id = mine.workspace_id AND c.contact_id = mine.contact_id
			JOIN assignments a ON a.workspace_id = c.workspace_id AND a.conversation_id = c.id
			WHERE mine.workspace_id = $1 AND mine.id = h.conversation_id
			      AND a.outcome IN ('closed', 'returned') AND a.ended_at > now() - $4::interval
			ORDER BY a.id DESC LIMIT 1) last ON true
		CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(o.agent_id), '{}') AS agents,
			       coalesce(array_agg(o.agent_id) FILTER (WHERE o.ended_at > now() - $5::interval), '{}') AS lately
			FROM offers o
			WHERE o.workspace_id = $1 AND o.handoff_id = h.id AND o.outcome IN ('declined', 'expired', 'transferred')) refusal
		ORDER BY h.front DESC, h.rank, h.id`, ws, pageSize, page*pageSize, loyalty, askAgain)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w waiter, err error) {
		err = row.Scan(&w.conversation, &w.handoff, &w.team, &w.need, &w.knows, &w.refused, &w.lately)
		return w, err
	})
}

// match goes through the queue and gives each conversation the agent that [routing.Choose] picks, counting what it has
// given already. It changes staff.
func match(queue []waiter, staff []present, groups map[string]Group, now time.Time) (plan []assignment) {
	for _, w := range queue {
		g, restricted := groups[w.team]
		restricted = restricted && len(g.Members) > 0
		need := w.need
		if need.Policy == "" {
			need.Policy = g.Policy
		}
		candidates := w.candidates(staff, restricted)
		if need.Agent == 0 {
			need.Agent = w.knows
		}
		chosen, ok := routing.Choose(need, candidates)
		if !ok {
			continue
		}
		for i := range staff {
			if p := &staff[i]; p.Agent == chosen {
				p.Load, p.IdleSince, p.AssignedAt = p.Load+1, now, now
				plan = append(plan, assignment{conversation: w.conversation, handoff: w.handoff, team: w.team,
					to: agent{p.Agent, p.name}, offer: time.Duration(g.OfferS) * time.Second})
			}
		}
		if !anyRoom(staff) {
			break
		}
	}
	return plan
}

// candidates are the members of the group, or everybody, without those who refused this conversation. These are asked
// again only if nobody else is on duty, and not at once.
func (w waiter) candidates(staff []present, restricted bool) (list []routing.Candidate) {
	var again []routing.Candidate
	others := false
	for _, p := range staff {
		if restricted && !slices.Contains(p.groups, w.team) {
			continue
		}
		p.Knows = p.Agent == w.knows
		switch {
		case !slices.Contains(w.refused, p.Agent):
			others = true
			list = append(list, p.Candidate)
		case !slices.Contains(w.lately, p.Agent):
			again = append(again, p.Candidate)
		}
	}
	if !others {
		return again
	}
	return list
}
