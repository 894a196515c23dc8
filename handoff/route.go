package handoff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
	"handrail/internal/chat"
)

// route asks the active rules of the workspace where a conversation goes that is handed off at the given moment. It
// runs in the transaction of the handoff and reads the number of the active version there, so that all nodes follow a
// change at once. Rules never keep a conversation from people: without rules, or where none matches, the route is the
// zero Route, and a rule that fails is passed over and logged. An error is one of the database.
func (d *Desk) route(
	ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff, at time.Time,
) (routing.Route, error) {
	rules, version, err := d.activeRules(ctx, tx, c.Workspace)
	if err != nil || rules == nil {
		return routing.Route{}, err
	}
	facts, err := d.facts(ctx, tx, c, h, at)
	if err != nil {
		return routing.Route{}, err
	}
	route, failed := rules.Route(ctx, facts)
	if failed != nil {
		slog.WarnContext(ctx, "routing rules failed and were passed over", "workspace", c.Workspace, "version", version,
			"conversation", c.ID, "error", failed)
	}
	if route.Email != "" {
		route.Agent, err = agentByEmail(ctx, tx, c.Workspace, route.Email)
	}
	return route, err
}

// agentByEmail returns 0 for somebody who has left since the rule was written.
func agentByEmail(ctx context.Context, tx pgx.Tx, ws uuid.UUID, email string) (id int64, err error) {
	err = tx.QueryRow(ctx, `
		SELECT id FROM users WHERE workspace_id = $1 AND email = $2 AND disabled_at IS NULL`, ws, email).Scan(&id)
	if err = ignoreNoRows(err); err != nil {
		return 0, fmt.Errorf("find the agent whom a rule names: %w", err)
	}
	return id, nil
}

// ruleCache holds the compiled rules that were used last, by workspace. The zero value is empty.
type ruleCache struct {
	mu   sync.Mutex
	last map[uuid.UUID]cachedRules
}

type cachedRules struct {
	version int
	rules   *routing.Rules // nil if the stored rules cannot be compiled
}

// activeRules returns nil rules for a workspace that has none.
func (d *Desk) activeRules(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (*routing.Rules, int, error) {
	var version int
	err := tx.QueryRow(ctx, `
		SELECT version FROM routing_versions WHERE workspace_id = $1 AND active`, ws).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the active routing rules: %w", err)
	}
	if rules, ok := d.rules.get(ws, version); ok {
		return rules, version, nil
	}
	texts, err := readRules(ctx, tx, ws, version)
	if err != nil {
		return nil, 0, err
	}
	rules, err := routing.Compile(texts)
	if err != nil {
		// They were compiled before they were stored, so this is a defect; people are needed all the same.
		slog.ErrorContext(ctx, "stored routing rules cannot be used", "workspace", ws, "version", version, "error", err)
	}
	d.rules.put(ws, cachedRules{version, rules})
	return rules, version, nil
}

func (c *ruleCache) get(ws uuid.UUID, version int) (*routing.Rules, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.last[ws]
	return last.rules, ok && last.version == version
}

func (c *ruleCache) put(ws uuid.UUID, r cachedRules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[uuid.UUID]cachedRules{}
	}
	c.last[ws] = r
}
