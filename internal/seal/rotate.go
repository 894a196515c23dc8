package seal

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// rotateBatch is how many data keys one transaction wraps anew.
const rotateBatch = 500

// Tx runs a transaction that sees one workspace.
type Tx func(ctx context.Context, workspace uuid.UUID, fn func(pgx.Tx) error) error

// WorkspaceKey is a workspace key as operators see it.
type WorkspaceKey struct {
	ID          int // the highest is in use
	OperatorKey string
	DataKeys    int // that it wraps
	CreatedAt   time.Time
}

// List returns the workspace keys of a workspace, the oldest first.
func (v *Vault) List(ctx context.Context, tx pgx.Tx, ws uuid.UUID) ([]WorkspaceKey, error) {
	rows, err := tx.Query(ctx, `
		SELECT w.id, w.operator_key, count(d.owner), w.created_at
		FROM workspace_keys w LEFT JOIN data_keys d ON d.workspace_id = w.workspace_id AND d.workspace_key = w.id
		WHERE w.workspace_id = $1 GROUP BY w.id, w.operator_key, w.created_at ORDER BY w.id`, ws)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[WorkspaceKey])
}

// Rotate gives a workspace a new key under the current operator key, wraps every data key with it, and removes the old
// ones. Servers may write meanwhile; all of them must hold the current operator key already. It returns the number of
// data keys that were wrapped anew. After an interruption, another rotation completes it.
func (v *Vault) Rotate(ctx context.Context, do Tx, ws uuid.UUID) (wrapped int, err error) {
	var version int
	err = do(ctx, ws, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `
			SELECT coalesce(max(id), 0) + 1 FROM workspace_keys WHERE workspace_id = $1`, ws).Scan(&version); err != nil {
			return err
		}
		return v.addWorkspaceKey(ctx, tx, ws, version)
	})
	for n := rotateBatch; err == nil && n == rotateBatch; wrapped += n {
		err = do(ctx, ws, func(tx pgx.Tx) (err error) {
			n, err = v.rewrap(ctx, tx, ws)
			return err
		})
	}
	if err != nil {
		return wrapped, fmt.Errorf("rotate the keys: %w", err)
	}
	err = do(ctx, ws, func(tx pgx.Tx) error {
		n, err := v.retire(ctx, tx, ws)
		wrapped += n
		return err
	})
	if err != nil {
		return wrapped, fmt.Errorf("remove the old keys: %w", err)
	}
	return wrapped, nil
}

// dataKey is a row of data_keys with the key that wraps it.
type dataKey struct {
	Owner    uuid.UUID
	Wrapped  []byte
	Version  int
	Wrapping []byte
}

// rewrap wraps some data keys of older workspace keys with the newest one.
func (v *Vault) rewrap(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (int, error) {
	version, newest, err := v.currentWorkspaceKey(ctx, tx, ws)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `
		SELECT d.owner, d.wrapped, w.id, w.wrapped FROM data_keys d
		JOIN workspace_keys w ON w.workspace_id = d.workspace_id AND w.id = d.workspace_key
		WHERE d.workspace_id = $1 AND d.workspace_key < $2 LIMIT $3 FOR UPDATE OF d`, ws, version, rotateBatch)
	if err != nil {
		return 0, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dataKey])
	if err != nil {
		return 0, err
	}
	var b pgx.Batch
	for _, d := range list {
		older, err := v.workspaceKey(ws, d.Version, d.Wrapping)
		if err != nil {
			return 0, err
		}
		place := dataKeyPlace(Owner{ws, d.Owner})
		secret, err := openSecret(older, place, d.Wrapped)
		if err != nil {
			return 0, err
		}
		wrapped, err := newest.Seal(place, secret)
		if err != nil {
			return 0, err
		}
		b.Queue(`UPDATE data_keys SET workspace_key = $3, wrapped = $4 WHERE workspace_id = $1 AND owner = $2`,
			ws, d.Owner, version, wrapped)
	}
	if b.Len() == 0 {
		return 0, nil
	}
	return len(list), tx.SendBatch(ctx, &b).Close()
}

// retire removes workspace keys that wrap nothing any more, and forgets operator keys that wrap none of those left. Its
// lock waits for whoever still makes a data key with an old one; such keys are wrapped anew first.
func (v *Vault) retire(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (int, error) {
	_, err := tx.Exec(ctx, `
		SELECT FROM workspace_keys WHERE workspace_id = $1
		      AND id < (SELECT max(id) FROM workspace_keys WHERE workspace_id = $1) FOR UPDATE`, ws)
	if err != nil {
		return 0, err
	}
	n, err := v.rewrap(ctx, tx, ws)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM workspace_keys w WHERE workspace_id = $1
		      AND id < (SELECT max(id) FROM workspace_keys WHERE workspace_id = $1)
		      AND NOT EXISTS (SELECT FROM data_keys d WHERE d.workspace_id = w.workspace_id AND d.workspace_key = w.id)`, ws)
	return n, err
}

// Register records which operator keys the database needs, once every workspace was rotated. It needs a transaction that
// sees all workspaces.
func (v *Vault) Register(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO operator_keys (id) VALUES ($1) ON CONFLICT DO NOTHING`, v.ring.Current())
	if err != nil {
		return fmt.Errorf("register the operator key: %w", err)
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM operator_keys o
		WHERE o.id <> $1 AND NOT EXISTS (SELECT FROM workspace_keys w WHERE w.operator_key = o.id)`, v.ring.Current())
	if err != nil {
		return fmt.Errorf("forget old operator keys: %w", err)
	}
	return nil
}
