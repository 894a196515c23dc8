package ingest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// git runs git in the folder of d.
func (d *desk) git(args ...string) {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@a.example",
		"-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = d.folder
	out, err := cmd.CombinedOutput()
	require.NoError(d.t, err, string(out))
}

func newWorkTree(t *testing.T) *desk {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	d := newDesk(t, Config{})
	d.git("init", "-q")
	return d
}

func TestFolderInAWorkTreeHonoursGitignore(t *testing.T) {
	t.Parallel()
	d := newWorkTree(t)
	d.write(".gitignore", "build/\n*.draft.md\n!keep.draft.md\n")
	d.write("help/fees.md", "Five euros.")
	d.write("help/zurück.md", "Within a week.")
	d.write("help/new.draft.md", "A draft.")
	d.write("help/keep.draft.md", "Kept.")
	d.write("help/build/out.md", "Built.")
	d.write("help/committed.md", "Committed.")
	d.write("other/x.md", "Elsewhere.")
	d.git("add", "help/committed.md")
	d.git("commit", "-q", "-m", "x")
	d.write("help/gone.md", "Gone.")
	d.git("add", "help/gone.md")
	require.NoError(t, os.Remove(filepath.Join(d.folder, "help/gone.md")))
	d.folder = filepath.Join(d.folder, "help")
	require.Equal(t, []string{"committed.md", "fees.md", "keep.draft.md", "zurück.md"}, d.ingest(Options{}).Added)
}

func TestFolderThatGitIgnoresIsReadWhenNamed(t *testing.T) {
	t.Parallel()
	d := newWorkTree(t)
	d.write(".gitignore", "build/\n")
	d.write("build/out.md", "Built.")
	d.folder = filepath.Join(d.folder, "build")
	require.Equal(t, []string{"out.md"}, d.ingest(Options{}).Added)
}

func TestNestedRepositoriesAreNotDropped(t *testing.T) {
	t.Parallel()
	d := newWorkTree(t)
	d.write("fees.md", "Five euros.")
	d.write("inner/how.md", "Within a week.")
	inner := *d
	inner.folder = filepath.Join(d.folder, "inner")
	inner.git("init", "-q")
	require.Equal(t, []string{"fees.md", "inner/how.md"}, d.ingest(Options{}).Added)
	inner.git("add", ".")
	inner.git("commit", "-q", "-m", "x")
	d.git("add", ".") // as a link to a commit, of which Git lists no files
	require.Equal(t, []string{"fees.md", "inner/how.md"}, d.ingest(Options{}).Unchanged)
}

// TestAWorkTreeRunsNoProgram opens a folder whose configuration names programs for git to run.
func TestAWorkTreeRunsNoProgram(t *testing.T) {
	t.Parallel()
	d := newWorkTree(t)
	d.write("fees.md", "Five euros.")
	mark := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o700))
	for _, key := range []string{"core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "core.editor"} {
		d.git("config", key, program)
	}
	require.Equal(t, []string{"fees.md"}, d.ingest(Options{}).Added)
	require.NoFileExists(t, mark)
}

func TestAFolderWithoutAWorkTreeIsReadWhole(t *testing.T) {
	t.Parallel()
	require.Nil(t, gitFiles(t.Context(), t.TempDir()))
	d := newDesk(t, Config{})
	d.write(".git", "gitdir: /nowhere\n")
	d.write(".gitignore", "*\n")
	d.write("fees.md", "Five euros.")
	require.Equal(t, []string{"fees.md"}, d.ingest(Options{}).Added)
}
