package seal_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
	"handrail/internal/seal"
)

func ring(t *testing.T, keys ...string) *seal.Ring {
	t.Helper()
	text := ""
	for _, k := range keys {
		text += k + "\n"
	}
	r, err := seal.ParseRing(text)
	require.NoError(t, err)
	return r
}

// TestRotationUnderLoadLosesNothing rotates both kinds of keys several times while contacts are made and rows sealed, by
// nodes with caches of their own, and opens everything at the end with the last operator key alone.
func TestRotationUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	keys := []string{seal.NewOperatorKey(), seal.NewOperatorKey(), seal.NewOperatorKey()}
	all := ring(t, keys[2], keys[1], keys[0])
	var mu sync.Mutex
	sealed := map[uuid.UUID][]byte{}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for range 3 {
		v := seal.NewVault(all)
		writers.Go(func() {
			for ctx.Err() == nil {
				id := uuid.New()
				err := db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
					if _, err := v.Create(t.Context(), tx, seal.Owner{Workspace: ws, ID: id}); err != nil {
						return err
					}
					b, err := v.Seal(t.Context(), tx, at(ws, id), []byte(id.String()))
					mu.Lock()
					sealed[id] = b
					mu.Unlock()
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(sealed)
	}
	for i, r := range []*seal.Ring{ring(t, keys[0], keys[1], keys[2]), ring(t, keys[1], keys[0], keys[2]), all} {
		before := count()
		require.Eventually(t, func() bool { return count() > before+100 }, time.Minute, 10*time.Millisecond)
		_, err := seal.NewVault(r).Rotate(t.Context(), db.InTx, ws)
		require.NoError(t, err, "rotation %d", i)
	}
	stop()
	writers.Wait()
	_, err := seal.NewVault(all).Rotate(t.Context(), db.InTx, ws)
	require.NoError(t, err)

	last := seal.NewVault(ring(t, keys[2]))
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		list, err := last.List(t.Context(), tx, ws)
		require.NoError(t, err)
		require.Len(t, list, 1, "old workspace keys are gone")
		require.Equal(t, len(sealed), list[0].DataKeys)
		for id, b := range sealed {
			r := &seal.Row{Place: at(ws, id), Sealed: b}
			require.NoError(t, last.Open(t.Context(), tx, r))
			require.Equal(t, id.String(), r.Text(0))
		}
		return nil
	}))
	gone := seal.NewVault(ring(t, keys[0]))
	err = db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := gone.Keys(t.Context(), tx, seal.Owner{Workspace: ws, ID: uuid.Nil})
		if err == nil {
			_, err = gone.Create(t.Context(), tx, seal.Owner{Workspace: ws})
		}
		return err
	})
	require.ErrorContains(t, err, "which this server was not given")
	t.Logf("%d rows sealed during 4 rotations", len(sealed))
}

func at(ws, owner uuid.UUID) seal.Place {
	return seal.Place{Workspace: ws, Owner: owner, Column: "rows.sealed", Row: owner.String()}
}

func TestAKeyThatWasRolledBackIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	v, o := db.Vault(), seal.Owner{Workspace: ws, ID: uuid.New()}
	boom := errors.New("boom")
	err := db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := v.Create(t.Context(), tx, o)
		require.NoError(t, err)
		_, err = v.Seal(t.Context(), tx, at(ws, o.ID), []byte("never stored"))
		require.NoError(t, err)
		return boom
	})
	require.ErrorIs(t, err, boom)
	err = db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := v.Seal(t.Context(), tx, at(ws, o.ID), []byte("lost for ever"))
		return err
	})
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)
}

func TestADestroyedKeyLeavesNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	o := seal.Owner{Workspace: ws, ID: uuid.New()}
	do := func(fn func(tx pgx.Tx) error) { require.NoError(t, db.InTx(t.Context(), ws, fn)) }
	row := &seal.Row{Place: at(ws, o.ID)}
	do(func(tx pgx.Tx) (err error) {
		_, err = db.Vault().Create(t.Context(), tx, o)
		return err
	})
	do(func(tx pgx.Tx) (err error) {
		row.Sealed, err = db.Vault().Seal(t.Context(), tx, row.Place, []byte("secret"))
		return err
	})
	do(func(tx pgx.Tx) error {
		was, err := db.Vault().Destroy(t.Context(), tx, o)
		require.True(t, was)
		return err
	})
	do(func(tx pgx.Tx) error {
		require.NoError(t, db.Vault().Open(t.Context(), tx, row))
		require.True(t, row.Erased)
		require.Empty(t, row.Text(0))
		_, err := db.Vault().Create(t.Context(), tx, o)
		return err
	})
	do(func(tx pgx.Tx) error {
		err := db.Vault().Open(t.Context(), tx, row)
		require.ErrorContains(t, err, "sealed with key", "a new key in its place does not open it")
		return nil
	})
}

func TestASecondOperatorKeyIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	check := func(r *seal.Ring) error {
		return db.InSystemTx(t.Context(), func(tx pgx.Tx) error { return seal.NewVault(r).Check(t.Context(), tx) })
	}
	err := check(ring(t, seal.NewOperatorKey()))
	require.True(t, errs.Is(err, errs.Unsupported), "%v", err)
	require.ErrorContains(t, err, fmt.Sprintf("operator key %s, which this server was not given", seal.ThrowAwayRing().Current()))
	require.True(t, errs.Is(check(nil), errs.Unsupported))
	require.NoError(t, check(seal.ThrowAwayRing()))
}
