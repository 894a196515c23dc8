package handoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

// maxNote is the longest note on a version of the rules, in bytes.
const maxNote = 500

// RulesVersion describes stored routing rules.
type RulesVersion struct {
	Version   int // from 1
	CreatedAt time.Time
	By        string // who stored it: a name, or as in package audit for other than staff
	Note      string
	Count     int // of rules
	Active    bool
}

// CheckRules reads rules like [routing.Check] and compares them with the groups and agents of the workspace. Where
// there are no groups yet their names are not compared, so that rules may come first.
func (d *Desk) CheckRules(ctx context.Context, ws uuid.UUID, data []byte) (*routing.Rules, []routing.Problem, error) {
	var known routing.Known
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT email FROM users
			WHERE workspace_id = $1 AND role IN ('agent', 'admin') AND disabled_at IS NULL ORDER BY email`, ws)
		if err != nil {
			return err
		}
		if known.Agents, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		list, err := groups(ctx, tx, ws)
		for _, g := range list {
			known.Groups = append(known.Groups, g.Name)
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list groups and agents: %w", err)
	}
	rules, problems := routing.Check(data, known)
	return rules, problems, nil
}

// SaveRules stores rules as the next version, which is not active yet.
func (d *Desk) SaveRules(
	ctx context.Context, ws uuid.UUID, actor string, rules *routing.Rules, note string,
) (v RulesVersion, err error) {
	if len(note) > maxNote {
		return v, errs.New(errs.TooLarge, "the note is %d bytes long: it may have %d", len(note), maxNote)
	}
	texts, err := json.Marshal(rules.Texts())
	if err != nil {
		return v, fmt.Errorf("encode the rules: %w", err)
	}
	v = RulesVersion{By: actor, Note: note, Count: len(rules.Texts())}
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := serialiseRules(ctx, tx, ws); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO routing_versions (workspace_id, version, rules, count, note, actor)
			SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 FROM routing_versions WHERE workspace_id = $1
			RETURNING version, created_at`, ws, texts, v.Count, note, actor).Scan(&v.Version, &v.CreatedAt)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "routing.save",
			Target: "routing:" + strconv.Itoa(v.Version), Data: map[string]any{"rules": v.Count}})
	})
	if err != nil {
		return RulesVersion{}, fmt.Errorf("store the routing rules: %w", err)
	}
	return v, nil
}

// ActivateRules makes a stored version decide, or with 0 none, from the next handoff on, on all nodes. It is also how
// one goes back. An unknown version gives an error of kind errs.NotFound.
func (d *Desk) ActivateRules(ctx context.Context, ws uuid.UUID, actor string, version int) error {
	err := d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := serialiseRules(ctx, tx, ws); err != nil {
			return err
		}
		// At no moment may two versions be active, hence two statements.
		_, err := tx.Exec(ctx, `
			UPDATE routing_versions SET active = false WHERE workspace_id = $1 AND active AND version <> $2`, ws, version)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE routing_versions SET active = true WHERE workspace_id = $1 AND version = $2`, ws, version)
		if err != nil {
			return err
		}
		if version != 0 && tag.RowsAffected() == 0 {
			return noSuchRules(version)
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "routing.activate",
			Target: "routing:" + strconv.Itoa(version)})
	})
	if err != nil {
		return fmt.Errorf("activate routing rules %d: %w", version, err)
	}
	return nil
}

// RulesVersions lists the stored versions, newest first.
func (d *Desk) RulesVersions(ctx context.Context, ws uuid.UUID) (list []RulesVersion, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT r.version, r.created_at, coalesce(u.name, r.actor), r.note, r.count, r.active
			FROM routing_versions r
			LEFT JOIN users u ON u.workspace_id = r.workspace_id AND r.actor = 'user:' || u.id
			WHERE r.workspace_id = $1 ORDER BY r.version DESC`, ws)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[RulesVersion])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the routing rules: %w", err)
	}
	return list, nil
}

// Rules returns a stored version, or an error of kind errs.NotFound.
func (d *Desk) Rules(ctx context.Context, ws uuid.UUID, version int) (rules []routing.Rule, err error) {
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rules, err = readRules(ctx, tx, ws, version)
		return err
	})
	return rules, err
}

func readRules(ctx context.Context, tx pgx.Tx, ws uuid.UUID, version int) (rules []routing.Rule, err error) {
	err = tx.QueryRow(ctx, `
		SELECT rules FROM routing_versions WHERE workspace_id = $1 AND version = $2`, ws, version).Scan(&rules)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noSuchRules(version)
	}
	if err != nil {
		return nil, fmt.Errorf("read routing rules %d: %w", version, err)
	}
	return rules, nil
}

func noSuchRules(version int) error {
	return errs.New(errs.NotFound, "there is no version %d of the routing rules: list the versions and choose one", version)
}

// serialiseRules makes concurrent changes of one workspace's rules wait for each other.
func serialiseRules(ctx context.Context, tx pgx.Tx, ws uuid.UUID) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('routing ' || $1::text, 0))`, ws.String())
	return err
}
