package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// IdentityPrefix starts every identity secret, so that leaked ones can be found by scanners.
const IdentityPrefix = "hri_"

// maxIdentitySecrets bounds how many secrets are valid at a time: one in use, one to come, and some to spare.
const maxIdentitySecrets = 5

// IdentitySecret is a key by which a site signs who its visitors are; the key itself is shown once.
type IdentitySecret struct {
	ID        uuid.UUID
	CreatedAt time.Time
}

// AddIdentitySecret makes a secret and returns it; it is not shown again. Unlike other secrets it must be stored as it
// is, because a signature can be checked only with it.
func (s *Store) AddIdentitySecret(ctx context.Context, workspace uuid.UUID, actor string) (IdentitySecret, string, error) {
	secret, _ := NewSecret(IdentityPrefix)
	made := IdentitySecret{ID: uuid.New()}
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO identity_secrets (workspace_id, id, secret)
			SELECT $1, $2, $3 WHERE (SELECT count(*) FROM identity_secrets WHERE workspace_id = $1) < $4
			RETURNING created_at`, workspace, made.ID, []byte(secret), maxIdentitySecrets).Scan(&made.CreatedAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.Conflict, "there are %d secrets already: revoke one first", maxIdentitySecrets)
		}
		if err != nil {
			return fmt.Errorf("store an identity secret: %w", err)
		}
		return audit.Write(ctx, tx, workspace, audit.Record{Actor: actor, Action: "identity.add",
			Target: "identity:" + made.ID.String()})
	})
	return made, secret, err
}

// IdentitySecrets lists the valid secrets, the oldest first.
func (s *Store) IdentitySecrets(ctx context.Context, workspace uuid.UUID) (list []IdentitySecret, err error) {
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, created_at FROM identity_secrets WHERE workspace_id = $1 ORDER BY created_at, id`, workspace)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[IdentitySecret])
		return err
	})
	return list, err
}

// RevokeIdentitySecret makes what was signed with a secret invalid from now on.
func (s *Store) RevokeIdentitySecret(ctx context.Context, workspace uuid.UUID, actor string, id uuid.UUID) error {
	return s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM identity_secrets WHERE workspace_id = $1 AND id = $2`, workspace, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errs.New(errs.NotFound, "there is no identity secret %s: `handrail identity list` shows them", id)
		}
		return audit.Write(ctx, tx, workspace, audit.Record{Actor: actor, Action: "identity.revoke",
			Target: "identity:" + id.String()})
	})
}

// Identity returns whom a token of the workspace's site speaks of. A token that is broken, expired, or signed with no
// valid secret is [errs.Unauthenticated].
func (s *Store) Identity(ctx context.Context, workspace uuid.UUID, token string) (Identity, error) {
	var secrets [][]byte
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT secret FROM identity_secrets WHERE workspace_id = $1`, workspace)
		if err != nil {
			return err
		}
		secrets, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
		return err
	})
	if err != nil {
		return Identity{}, fmt.Errorf("read identity secrets: %w", err)
	}
	return ParseIdentity(token, secrets, time.Now())
}

// Origins returns every origin whose pages may embed a widget of the workspace.
func (s *Store) Origins(ctx context.Context, workspace uuid.UUID) (origins []string, err error) {
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT DISTINCT unnest(origins) FROM widgets WHERE workspace_id = $1`, workspace)
		if err != nil {
			return err
		}
		origins, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return origins, err
}
