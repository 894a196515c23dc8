package ingest

import (
	"bytes"
	"context"
	"os/exec"
	"path"
	"time"
)

// gitTimeout bounds the listing of a work tree; a folder whose listing takes longer is walked whole.
const gitTimeout = 20 * time.Second

// tracked is the set of files that Git keeps, or would keep, in a folder: paths with forward slashes. Nested
// repositories stand in it as a whole.
type tracked map[string]bool

// gitFiles lists the files of a folder inside a Git work tree that .gitignore does not exclude. It returns nil, which
// stands for every file, where there is no work tree, no git, or a work tree of another user, whose configuration git
// refuses to follow; and where Git would leave nothing, because the folder itself is ignored and was named all the same.
func gitFiles(ctx context.Context, dir string) tracked {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	// A repository's own configuration may name programs to run; these settings keep git from running any.
	cmd := exec.CommandContext(ctx, "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", dir,
		"ls-files", "-z", "--cached", "--others", "--exclude-standard")
	// Nothing of this process's environment: GIT_DIR and its kin would name another repository.
	cmd.Env = []string{"GIT_OPTIONAL_LOCKS=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "LC_ALL=C"}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil || len(out) == 0 {
		return nil
	}
	files := tracked{}
	for name := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		files[path.Clean(string(name))] = true // an untracked repository ends in a slash
	}
	return files
}

// holds reports whether a file, by its path in the folder, belongs to the set or to a repository that stands in it.
func (t tracked) holds(name string) bool {
	if t == nil {
		return true
	}
	for ; name != "."; name = path.Dir(name) {
		if t[name] {
			return true
		}
	}
	return false
}
