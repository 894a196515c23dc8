package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/language"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// Profile is what an agent can do.
type Profile struct {
	AgentID   int64
	Capacity  int            // the most conversations at a time, 1 to 1,000
	Skills    map[string]int // name -> level, 1 to 5
	Languages []string       // BCP 47; empty = any
	Groups    []string       // names
}

// Profiles returns the profiles of all who may talk to visitors, by user, also of those who were never online.
func (d *Desk) Profiles(ctx context.Context, ws uuid.UUID) (byAgent map[int64]Profile, err error) {
	byAgent = map[int64]Profile{}
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT u.id, coalesce(a.capacity, 5), coalesce(a.skills, '{}'), coalesce(a.languages, '{}'),
			       array(SELECT g.name FROM group_members m
			             JOIN agent_groups g ON g.workspace_id = m.workspace_id AND g.id = m.group_id
			             WHERE m.workspace_id = u.workspace_id AND m.user_id = u.id ORDER BY g.name)
			FROM users u LEFT JOIN agents a ON a.workspace_id = u.workspace_id AND a.user_id = u.id
			WHERE u.workspace_id = $1 AND u.role IN ('agent', 'admin') AND u.disabled_at IS NULL`, ws)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Profile])
		for _, p := range list {
			byAgent[p.AgentID] = p
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the agents' profiles: %w", err)
	}
	return byAgent, nil
}

// SetProfile replaces what an agent can do, with the groups they belong to. Errors are of kind errs.Invalid for an
// unusable field, errs.NotFound for a user who is no agent or a group that does not exist, and errs.Conflict for a
// capacity below what the agent has at the moment.
func (d *Desk) SetProfile(ctx context.Context, ws uuid.UUID, actor string, p Profile) error {
	if err := checkProfile(p); err != nil {
		return err
	}
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := saveProfile(ctx, tx, ws, p); err != nil {
			return err
		}
		if err := joinGroups(ctx, tx, ws, p); err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "agent.change",
			Target: fmt.Sprintf("user:%d", p.AgentID), Data: map[string]any{"capacity": p.Capacity, "skills": p.Skills,
				"languages": p.Languages, "groups": p.Groups}})
	})
	if err != nil {
		return err
	}
	d.changed(ws)
	return nil
}

func checkProfile(p Profile) error {
	if p.Capacity < 1 || p.Capacity > 1000 {
		return errs.New(errs.Invalid, "the capacity is %d: it must be from 1 to 1000", p.Capacity)
	}
	for name, level := range p.Skills {
		if name == "" || len(name) > 100 || level < 1 || level > 5 {
			return errs.New(errs.Invalid, "skill %q has level %d: a skill needs a name, and a level from 1 to 5", name, level)
		}
	}
	for _, tag := range p.Languages {
		if _, err := language.Parse(tag); err != nil {
			return errs.New(errs.Invalid, "%q is not a language: write it like en or zh-TW", tag)
		}
	}
	return nil
}

func saveProfile(ctx context.Context, tx pgx.Tx, ws uuid.UUID, p Profile) error {
	var saved bool
	err := tx.QueryRow(ctx, `
		INSERT INTO agents (workspace_id, user_id, capacity, skills, languages)
		SELECT workspace_id, id, $3, coalesce($4::jsonb, '{}'), coalesce($5::text[], '{}') FROM users
		WHERE workspace_id = $1 AND id = $2 AND role IN ('agent', 'admin') AND disabled_at IS NULL
		ON CONFLICT (workspace_id, user_id) DO UPDATE
		SET capacity = CASE WHEN agents.load + agents.offered <= excluded.capacity THEN excluded.capacity ELSE agents.capacity END,
		    skills = excluded.skills, languages = excluded.languages
		RETURNING capacity = $3`, ws, p.AgentID, p.Capacity, p.Skills, p.Languages).Scan(&saved)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.New(errs.NotFound, "there is no agent %d", p.AgentID)
	case err != nil:
		return fmt.Errorf("store the agent's profile: %w", err)
	case !saved:
		return errs.New(errs.Conflict, "the agent has more than %d conversations at the moment: wait, or close some first", p.Capacity)
	}
	return nil
}

func joinGroups(ctx context.Context, tx pgx.Tx, ws uuid.UUID, p Profile) error {
	known, err := groupsByName(ctx, tx, ws)
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, name := range slices.Compact(slices.Sorted(slices.Values(p.Groups))) {
		g, ok := known[name]
		if !ok {
			return errs.New(errs.NotFound, "there is no group %q", name)
		}
		ids = append(ids, g.ID)
	}
	var b pgx.Batch
	b.Queue(`DELETE FROM group_members WHERE workspace_id = $1 AND user_id = $2`, ws, p.AgentID)
	b.Queue(`
		INSERT INTO group_members (workspace_id, group_id, user_id)
		SELECT workspace_id, id, $2 FROM agent_groups WHERE workspace_id = $1 AND id = ANY($3)`, ws, p.AgentID, ids)
	return tx.SendBatch(ctx, &b).Close()
}
