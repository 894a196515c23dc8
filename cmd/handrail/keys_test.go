package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/seal"
)

func TestOperatorKeyFromItsMakingToItsExchange(t *testing.T) {
	c := newCLI(t)
	id := uuid.NewString()
	file := filepath.Join(c.data, "master.key")
	out, logged, err := c.run("keys", "list")
	require.NoError(t, err, logged)
	require.Contains(t, out, "WORKSPACE KEY")
	require.Contains(t, logged, file, "who starts the server learns of the key")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	first, err := os.ReadFile(file)
	require.NoError(t, err)
	_, logged, err = c.run("keys", "list")
	require.NoError(t, err)
	require.NotContains(t, logged, file, "once")

	elsewhere := cli{t, t.TempDir()}
	_, _, err = elsewhere.run("keys", "list")
	require.True(t, errs.Is(err, errs.Unsupported), "%v", err)
	require.ErrorContains(t, err, "HANDRAIL_MASTER_KEY")
	require.NoFileExists(t, filepath.Join(elsewhere.data, "master.key"), "a key that does not fit is not left behind")

	second := seal.NewOperatorKey()
	t.Setenv("HANDRAIL_MASTER_KEY", second+","+string(first))
	require.Contains(t, elsewhere.must("keys", "rotate"), "of 1 workspaces")
	t.Setenv("HANDRAIL_MASTER_KEY", second)
	elsewhere.must("keys", "list")
	t.Setenv("HANDRAIL_MASTER_KEY", "")
	_, _, err = c.run("keys", "list")
	require.ErrorContains(t, err, "which this server was not given", "the old key is of no use any more")
	require.FileExists(t, file)

	t.Setenv("HANDRAIL_MASTER_KEY", "not a key")
	_, _, err = c.run("keys", "list")
	require.ErrorContains(t, err, "openssl rand -base64 32")
	t.Setenv("HANDRAIL_MASTER_KEY", second)
	_, _, err = c.run("contact", "erase", id)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	_, _, err = c.run("contact", "export", id)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	t.Setenv("HANDRAIL_MASTER_KEY_FILE", file)
	_, _, err = c.run("keys", "list")
	require.ErrorContains(t, err, "keep one")
}
