package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// KeyPrefix starts every API key, so that leaked ones can be found by scanners.
const KeyPrefix = "hrk_"

// AddKey makes an API key that acts with the given role and returns it; it is not shown again.
func (s *Store) AddKey(ctx context.Context, workspace uuid.UUID, actor, name string, role Role) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", errs.New(errs.Invalid, "the key needs a name that says what uses it")
	}
	if !slices.Contains(Roles(), role) {
		return "", errs.New(errs.Invalid, "unknown role %q: use one of %v", role, Roles())
	}
	key, hash := NewSecret(KeyPrefix)
	id := uuid.New()
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO api_keys (workspace_id, id, name, key_hash, role) VALUES ($1, $2, $3, $4, $5)`,
			workspace, id, name, hash, role)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, workspace, audit.Record{Actor: actor, Action: "key.add",
			Target: "key:" + id.String(), Data: map[string]any{"name": name, "role": role}})
	})
	return key, err
}

// Key returns what an API key may act as; an unknown or expired key is [errs.Unauthenticated].
func (s *Store) Key(ctx context.Context, key string) (Principal, error) {
	var p Principal
	err := s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		var used *time.Time
		err := tx.QueryRow(ctx, `
			SELECT workspace_id, id, name, role, last_used_at FROM api_keys
			WHERE key_hash = $1 AND (expires_at IS NULL OR expires_at > now())`, HashSecret(key)).
			Scan(&p.Workspace, &p.Key, &p.Name, &p.Role, &used)
		if err != nil || (used != nil && time.Since(*used) < time.Minute) {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE api_keys SET last_used_at = now() WHERE workspace_id = $1 AND id = $2`, p.Workspace, p.Key)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Principal{}, errs.New(errs.Unauthenticated, "the API key is unknown or has expired")
	}
	return p, err
}
