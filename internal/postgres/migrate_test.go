package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"handrail/internal/postgres"
)

// TestNodesThatStartTogetherMigrateOnce starts from an empty database and goes on with one that is up to date.
func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	dsn := start(t, dataFolder(t)).URL()
	for range 5 {
		var nodes errgroup.Group
		for range 6 {
			nodes.Go(func() error { return postgres.Migrate(t.Context(), dsn) })
		}
		require.NoError(t, nodes.Wait())
	}
}
