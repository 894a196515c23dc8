package events_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/events"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// await publishes until the subscriber hears it: interest spreads a moment after a route is up.
func await(t *testing.T, from *events.Bus, heard <-chan string) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		require.NoError(t, from.Publish("x", 1))
		select {
		case got := <-heard:
			require.Equal(t, "x 1", got)
			return
		case <-again.C:
		case <-t.Context().Done():
			require.Fail(t, "the nodes do not find each other")
		}
	}
}

func nodes(t *testing.T, db *postgres.DB) (names []string) {
	t.Helper()
	require.NoError(t, db.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `SELECT name FROM nodes WHERE lease_until > now() ORDER BY name`)
		if err != nil {
			return err
		}
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}))
	return names
}

func TestNodesOfADatabaseFindEachOther(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	node := func(name string) *events.Bus {
		return open(t, events.Config{Directory: &events.Directory{DB: db, Node: name}})
	}
	a, b := node("a"), node("b")
	atA, _ := listen(t, a, "x")
	atB, _ := listen(t, b, "x")
	await(t, a, atB)
	await(t, b, atA)
	require.Equal(t, []string{"a", "b"}, nodes(t, db))

	a.Close()
	require.Equal(t, []string{"b"}, nodes(t, db), "a node that stops in order is forgotten at once")
	atC, _ := listen(t, node("c"), "x")
	await(t, b, atC)
}

func TestNodesOfAnotherDatabaseAreStrangers(t *testing.T) {
	t.Parallel()
	one, other := pgtest.Open(t), pgtest.Open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	open(t, events.Config{Listen: "127.0.0.1:" + strconv.Itoa(port), Directory: &events.Directory{DB: one, Node: "a"}})
	var token string
	require.NoError(t, one.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT token FROM cluster`).Scan(&token)
	}))
	require.Len(t, token, 52)
	require.NoError(t, other.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		var count int
		require.NoError(t, tx.QueryRow(t.Context(), `SELECT count(*) FROM cluster`).Scan(&count))
		require.Zero(t, count, "each database has a token of its own")
		return nil
	}))
	require.NoError(t, one.InTx(t.Context(), pgtest.Workspace(t, one), func(tx pgx.Tx) error {
		var count int
		require.NoError(t, tx.QueryRow(t.Context(), `SELECT count(*) FROM cluster`).Scan(&count))
		require.Zero(t, count, "no workspace sees the token")
		return nil
	}))
}
