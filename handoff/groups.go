package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/handoff/routing"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

// Group is a team of agents with a queue of its own. A conversation whose group does not exist, or has no members, is for
// any agent: a name that was misspelt or removed keeps nobody waiting.
type Group struct {
	ID      uuid.UUID
	Name    string
	Policy  routing.Policy
	OfferS  int     // seconds that an agent may take to accept, up to 3,600; 0 = given without asking
	Hours   string  // name of a schedule; "" = that named default, if there is one
	Members []int64 // users
}

// Groups lists the groups of a workspace, by name.
func (d *Desk) Groups(ctx context.Context, ws uuid.UUID) (list []Group, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		list, err = groups(ctx, tx, ws)
		return err
	})
	return list, err
}

func groups(ctx context.Context, tx pgx.Tx, ws uuid.UUID) ([]Group, error) {
	rows, err := tx.Query(ctx, `
		SELECT g.id, g.name, g.policy, g.offer_s, g.hours,
		       array(SELECT user_id FROM group_members m
		             WHERE m.workspace_id = g.workspace_id AND m.group_id = g.id ORDER BY user_id)
		FROM agent_groups g WHERE g.workspace_id = $1 ORDER BY g.name`, ws)
	if err != nil {
		return nil, fmt.Errorf("read the groups: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Group])
}

func groupsByName(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (map[string]Group, error) {
	list, err := groups(ctx, tx, ws)
	byName := make(map[string]Group, len(list))
	for _, g := range list {
		byName[g.Name] = g
	}
	return byName, err
}

// SaveGroup stores a new group, for a zero ID, or changes one, and returns it. What waits for it keeps its place. Errors
// are of kind errs.Invalid for an unusable field, errs.NotFound for an unknown ID, errs.Conflict for a name in use.
func (d *Desk) SaveGroup(ctx context.Context, ws uuid.UUID, actor string, g Group) (Group, error) {
	if err := checkGroup(g); err != nil {
		return Group{}, err
	}
	action := "group.change"
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if g.ID == uuid.Nil {
			g.ID, action = uuid.New(), "group.add"
			if err := insertGroup(ctx, tx, ws, g); err != nil {
				return err
			}
		} else if err := updateGroup(ctx, tx, ws, g); err != nil {
			return err
		}
		if err := setMembers(ctx, tx, ws, g); err != nil {
			return err
		}
		if err := reopen(ctx, tx, ws); err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: action, Target: "group:" + g.ID.String(),
			Data: map[string]any{"name": g.Name, "policy": g.Policy, "offer_s": g.OfferS, "hours": g.Hours, "members": g.Members}})
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == pgerrcode.UniqueViolation {
		return Group{}, errs.Wrap(err, errs.Conflict, "there is a group %q already", g.Name)
	}
	if err != nil {
		return Group{}, err
	}
	d.changed(ws)
	return g, nil
}

func checkGroup(g Group) error {
	policies := []routing.Policy{routing.LeastLoaded, routing.LongestIdle, routing.RoundRobin, routing.BySkill}
	switch {
	case strings.TrimSpace(g.Name) == "" || utf8.RuneCountInString(g.Name) > 100:
		return errs.New(errs.Invalid, "the name of a group must have 1 to 100 characters")
	case !slices.Contains(policies, g.Policy):
		return errs.New(errs.Invalid, "policy %q is unknown: use least_loaded, longest_idle, round_robin or skills", g.Policy)
	case g.OfferS < 0 || g.OfferS > 3600:
		return errs.New(errs.Invalid, "offer_s is %d: it must be from 0 to 3600 seconds", g.OfferS)
	}
	return nil
}

func insertGroup(ctx context.Context, tx pgx.Tx, ws uuid.UUID, g Group) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO agent_groups (workspace_id, id, name, policy, offer_s, hours) VALUES ($1, $2, $3, $4, $5, $6)`,
		ws, g.ID, g.Name, g.Policy, g.OfferS, g.Hours)
	return err
}

// updateGroup also renames the queue of the group, so that a new name leaves nobody behind.
func updateGroup(ctx context.Context, tx pgx.Tx, ws uuid.UUID, g Group) error {
	var old string
	err := tx.QueryRow(ctx, `
		SELECT name FROM agent_groups WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, ws, g.ID).Scan(&old)
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.New(errs.NotFound, "there is no group %s", g.ID)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE agent_groups SET name = $3, policy = $4, offer_s = $5, hours = $6 WHERE workspace_id = $1 AND id = $2`,
		ws, g.ID, g.Name, g.Policy, g.OfferS, g.Hours)
	if err != nil || old == g.Name {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE handoffs SET team = $3 WHERE workspace_id = $1 AND team = $2 AND ended_at IS NULL`, ws, old, g.Name)
	return err
}

// setMembers checks that all members are staff who may talk to visitors, and that the hours exist.
func setMembers(ctx context.Context, tx pgx.Tx, ws uuid.UUID, g Group) error {
	_, err := tx.Exec(ctx, `DELETE FROM group_members WHERE workspace_id = $1 AND group_id = $2`, ws, g.ID)
	if err != nil {
		return err
	}
	members := slices.Compact(slices.Sorted(slices.Values(g.Members)))
	tag, err := tx.Exec(ctx, `
		INSERT INTO group_members (workspace_id, group_id, user_id)
		SELECT workspace_id, $2, id FROM users
		WHERE workspace_id = $1 AND id = ANY($3) AND role IN ('agent', 'admin') AND disabled_at IS NULL`, ws, g.ID, members)
	if err != nil {
		return err
	}
	if int(tag.RowsAffected()) != len(members) {
		return errs.New(errs.Invalid, "some members are no agents of this workspace: list them with GET /api/v1/agents")
	}
	var known bool
	err = tx.QueryRow(ctx, `
		SELECT $2 = '' OR EXISTS (SELECT FROM desk_hours WHERE workspace_id = $1 AND name = $2)`, ws, g.Hours).Scan(&known)
	if err == nil && !known {
		return errs.New(errs.Invalid, "there are no hours %q: add them first", g.Hours)
	}
	return err
}

// RemoveGroup ends a group. What waits for it is then for any agent. An unknown one is errs.NotFound.
func (d *Desk) RemoveGroup(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID) error {
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		var name string
		err := tx.QueryRow(ctx, `
			DELETE FROM agent_groups WHERE workspace_id = $1 AND id = $2 RETURNING name`, ws, id).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.NotFound, "there is no group %s", id)
		}
		if err != nil {
			return err
		}
		if err := reopen(ctx, tx, ws); err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "group.remove", Target: "group:" + id.String(),
			Data: map[string]any{"name": name}})
	})
	if err != nil {
		return err
	}
	d.changed(ws)
	return nil
}
