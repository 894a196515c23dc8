package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

func TestUserDisable(t *testing.T) {
	c := newCLI(t)
	dir := t.TempDir()
	write(t, dir, "staff.csv", "email,name,role,password\nada@example.com,Ada,agent,a long password\n")
	c.must("user", "import", filepath.Join(dir, "staff.csv"))
	require.Contains(t, c.must("user", "disable", "ADA@example.com"), "disabled ada@example.com")
	require.Contains(t, c.must("user", "disable", "ada@example.com"), "disabled", "again is no error")
	_, _, err := c.run("user", "disable", "nobody@example.com")
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
}
