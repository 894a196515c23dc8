package seal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// columns of the tables of keys, as places.
const (
	workspaceKeyColumn = "workspace_keys.wrapped"
	dataKeyColumn      = "data_keys.wrapped"
)

// Vault seals and opens rows with the keys of a database. It is safe for concurrent use. Its methods work in the
// caller's transaction, which must see the workspace.
type Vault struct {
	ring  *Ring
	cache *cache
}

// NewVault returns a vault over the operator keys. With a nil ring whatever is sealed cannot be read.
func NewVault(r *Ring) *Vault { return &Vault{ring: r, cache: newCache()} }

// Row is a sealed row to be opened.
type Row struct {
	Place
	Sealed []byte
	Fields [][]byte // set by Open; empty where Erased
	Erased bool     // the owner's key was destroyed
}

// Text is field i as text; "" where the row is erased or has no such field.
func (r *Row) Text(i int) string { return string(r.Bytes(i)) }

// Bytes is field i; nil where the row is erased or has no such field.
func (r *Row) Bytes(i int) []byte {
	if i >= len(r.Fields) {
		return nil
	}
	return r.Fields[i]
}

// Seal encrypts the fields of a row. A contact without a key was erased or never existed, which is an error of kind
// [errs.Conflict]; a workspace's own key is made when first needed.
func (v *Vault) Seal(ctx context.Context, tx pgx.Tx, p Place, fields ...[]byte) ([]byte, error) {
	keys, err := v.Keys(ctx, tx, Owner{p.Workspace, p.Owner})
	if err != nil {
		return nil, err
	}
	k := keys[Owner{p.Workspace, p.Owner}]
	if k == nil && p.Owner != uuid.Nil {
		return nil, Gone()
	}
	if k == nil {
		if k, err = v.Create(ctx, tx, Owner{p.Workspace, p.Owner}); err != nil {
			return nil, err
		}
	}
	return k.Seal(p, fields...)
}

// Gone is the error of writing for a contact whose key was destroyed.
func Gone() error {
	return errs.New(errs.Conflict, "this visitor's data was erased: nothing can be added to it")
}

// Open decrypts rows in place, with one query for all keys that are not in memory. A row whose owner has no key is marked
// as erased; one that cannot be opened for any other reason fails the call, see [Key.Open].
func (v *Vault) Open(ctx context.Context, tx pgx.Tx, rows ...*Row) error {
	owners := make([]Owner, len(rows))
	for i, r := range rows {
		owners[i] = Owner{r.Workspace, r.Place.Owner}
	}
	keys, err := v.Keys(ctx, tx, owners...)
	if err != nil {
		return err
	}
	for i, r := range rows {
		k := keys[owners[i]]
		if k == nil {
			r.Erased = true
			continue
		}
		if r.Fields, err = k.Open(r.Place, r.Sealed); err != nil {
			return err
		}
	}
	return nil
}

// Keys returns the keys of those owners that have one.
func (v *Vault) Keys(ctx context.Context, tx pgx.Tx, owners ...Owner) (map[Owner]*Key, error) {
	found := make(map[Owner]*Key, len(owners))
	var workspaces, ids []string
	asked := map[Owner]bool{}
	now := time.Now()
	for _, o := range owners {
		if found[o] != nil || asked[o] {
			continue
		}
		if k := v.cache.get(o, now); k != nil {
			found[o] = k
			continue
		}
		asked[o] = true
		workspaces, ids = append(workspaces, o.Workspace.String()), append(ids, o.ID.String())
	}
	if len(ids) == 0 {
		return found, nil
	}
	return found, v.load(ctx, tx, workspaces, ids, found)
}

// load reads keys. One that this very transaction has made is not remembered: it is gone if the transaction fails.
func (v *Vault) load(ctx context.Context, tx pgx.Tx, workspaces, ids []string, found map[Owner]*Key) error {
	rows, err := tx.Query(ctx, `
		SELECT d.workspace_id, d.owner, d.id, d.wrapped, w.id, w.wrapped,
		       d.xmin::text = (coalesce(pg_current_xact_id_if_assigned()::text, '0')::numeric % 4294967296)::text
		FROM unnest($1::text[], $2::text[]) AS o (workspace_id, owner)
		JOIN data_keys d ON d.workspace_id = o.workspace_id::uuid AND d.owner = o.owner::uuid
		JOIN workspace_keys w ON w.workspace_id = d.workspace_id AND w.id = d.workspace_key`, workspaces, ids)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	now := time.Now()
	var o Owner
	var id int64
	var version int
	var wrapped, wrapping []byte
	var own bool
	_, err = pgx.ForEachRow(rows, []any{&o.Workspace, &o.ID, &id, &wrapped, &version, &wrapping, &own}, func() error {
		workspaceKey, err := v.workspaceKey(o.Workspace, version, wrapping)
		if err != nil {
			return err
		}
		secret, err := openSecret(workspaceKey, dataKeyPlace(o), wrapped)
		if err != nil {
			return err
		}
		if found[o], err = newKey(uint32(id), secret); err != nil {
			return err
		}
		if !own {
			v.cache.put(o, found[o], now)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	return nil
}

func (v *Vault) workspaceKey(ws uuid.UUID, version int, wrapped []byte) (*Key, error) {
	secret, err := v.ring.unwrap(workspaceKeyPlace(ws, version), wrapped)
	if err != nil {
		return nil, err
	}
	return newKey(uint32(version), secret)
}

func dataKeyPlace(o Owner) Place { return Place{o.Workspace, o.ID, dataKeyColumn, ""} }

func workspaceKeyPlace(ws uuid.UUID, version int) Place {
	return Place{Workspace: ws, Column: workspaceKeyColumn, Row: fmt.Sprint(version)}
}

// Create makes the key of an owner, or returns the one there is. It is not remembered before its transaction has
// committed and the key is read again.
func (v *Vault) Create(ctx context.Context, tx pgx.Tx, o Owner) (*Key, error) {
	version, workspaceKey, err := v.currentWorkspaceKey(ctx, tx, o.Workspace)
	if err != nil {
		return nil, err
	}
	secret, id := newSecret(), newKeyID()
	wrapped, err := workspaceKey.Seal(dataKeyPlace(o), secret)
	if err != nil {
		return nil, err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO data_keys (workspace_id, owner, id, workspace_key, wrapped) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace_id, owner) DO NOTHING`, o.Workspace, o.ID, int64(id), version, wrapped)
	if err != nil {
		return nil, fmt.Errorf("store a key: %w", err)
	}
	if tag.RowsAffected() > 0 {
		return newKey(id, secret)
	}
	keys, err := v.Keys(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	if keys[o] == nil {
		return nil, errs.New(errs.Unavailable, "the key was made and destroyed at the same moment: try again")
	}
	return keys[o], nil
}

// currentWorkspaceKey returns the newest workspace key, making the first when there is none. The share lock keeps a
// rotation from removing it before the caller has used it.
func (v *Vault) currentWorkspaceKey(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (int, *Key, error) {
	version, wrapped, err := latestWorkspaceKey(ctx, tx, ws)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := v.addWorkspaceKey(ctx, tx, ws, 1); err != nil {
			return 0, nil, err
		}
		version, wrapped, err = latestWorkspaceKey(ctx, tx, ws)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read the workspace's key: %w", err)
	}
	k, err := v.workspaceKey(ws, version, wrapped)
	return version, k, err
}

func latestWorkspaceKey(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (version int, wrapped []byte, err error) {
	err = tx.QueryRow(ctx, `
		SELECT id, wrapped FROM workspace_keys WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1 FOR KEY SHARE`, ws).
		Scan(&version, &wrapped)
	return version, wrapped, err
}

// addWorkspaceKey stores a new workspace key; it does nothing if that version exists.
func (v *Vault) addWorkspaceKey(ctx context.Context, tx pgx.Tx, ws uuid.UUID, version int) error {
	wrapped, err := v.ring.wrap(workspaceKeyPlace(ws, version), newSecret())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO workspace_keys (workspace_id, id, operator_key, wrapped) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, ws, version, v.ring.Current(), wrapped)
	if err != nil {
		return fmt.Errorf("store a workspace key: %w", err)
	}
	return nil
}

// Destroy removes the key of an owner: what it sealed is lost once tx commits. It reports whether there was one.
func (v *Vault) Destroy(ctx context.Context, tx pgx.Tx, o Owner) (bool, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM data_keys WHERE workspace_id = $1 AND owner = $2`, o.Workspace, o.ID)
	if err != nil {
		return false, fmt.Errorf("destroy a key: %w", err)
	}
	v.cache.forget(o)
	return tag.RowsAffected() > 0, nil
}

// newKeyID is random, so that a key which takes the place of a destroyed one is not mistaken for it.
func newKeyID() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}
