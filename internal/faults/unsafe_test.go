package faults_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/faults"
)

// TestF14UnsafeDatabase turns off, one at a time, what an acknowledgement relies on.
func TestF14UnsafeDatabase(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{Nodes: 1})
	require.NoError(t, c.Nodes[0].Kill())
	auto := filepath.Join(c.DataFolder(), "postgresql.auto.conf")
	before, err := os.ReadFile(auto)
	require.NoError(t, err)
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		require.NoError(t, os.WriteFile(auto, append(before, name+" = off\n"...), 0o600))
		require.NoError(t, c.KillDatabase())
		awaitSetting(t, c, name, "off")
		_, err := c.Run(t.Context(), "", "migrate")
		require.ErrorContains(t, err, name+" off", "a command refuses")
		require.NoError(t, c.Nodes[0].Launch())
		require.ErrorContains(t, c.Nodes[0].Ready(t.Context()), name+" off", "a node refuses to start")
	}
	require.NoError(t, os.WriteFile(auto, before, 0o600))
	require.NoError(t, c.KillDatabase())
	awaitSetting(t, c, "synchronous_commit", "on")
	require.NoError(t, c.Nodes[0].Restart(t.Context()))
	shared.report.Count("F14", "unsafe settings with which no node starts", 3, "3")
}

// awaitSetting waits until PostgreSQL is back with a setting.
func awaitSetting(t *testing.T, c *faults.Cluster, name, want string) {
	within(t, startLimit, "the database is back with "+name+" "+want, func() bool {
		var value string
		err := c.DB.Pool().QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value)
		return err == nil && value == want
	})
}
