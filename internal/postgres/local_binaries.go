package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"handrail/internal/errs"
)

// binaries is a folder with initdb and postgres of one major version.
type binaries struct {
	dir    string
	major  int
	vector [3]int // version of pgvector that belongs to it
}

const (
	minMajor     = 15
	installHints = "Install PostgreSQL 15 or later with pgvector 0.7 or later: " +
		"`make demo` does it on Debian and Ubuntu (scripts/postgres.sh); " +
		"Debian 13: apt-get install postgresql-17 postgresql-17-pgvector; " +
		"Fedora: dnf install postgresql-server pgvector; " +
		"macOS: brew install postgresql@17 pgvector. " +
		"Or set DATABASE_URL to a server that has them."
)

// binariesFor returns the binaries of a PostgreSQL that can run a private cluster: version 15 or later with pgvector 0.7
// or later, of the given major version unless that is 0. It looks in the private trees made by scripts/postgres.sh, in
// Debian's and Homebrew's folders, and in PATH, and prefers the first; a dir that is not "" is the only candidate. The
// error is of kind [errs.Unsupported] and says what to install.
func binariesFor(dir string, major int) (binaries, error) {
	candidates := []string{dir}
	if dir == "" {
		candidates = folders()
	}
	var reasons []error
	for _, c := range candidates {
		b, err := inspect(c)
		if err == nil && major != 0 && b.major != major {
			err = fmt.Errorf("%s is version %d", c, b.major)
		}
		if err == nil {
			return b, nil
		}
		reasons = append(reasons, err)
	}
	cause := errors.Join(reasons...)
	if major != 0 {
		return binaries{}, errs.Wrap(cause, errs.Unsupported, "the private database was made by PostgreSQL %d, and that "+
			"version (with pgvector) is not to be found. Its data has not been touched. Install PostgreSQL %d again, or set "+
			"HANDRAIL_PG_BIN to its bin folder, or move the data with pg_dump", major, major)
	}
	return binaries{}, errs.Wrap(cause, errs.Unsupported, "no PostgreSQL with pgvector was found. %s", installHints)
}

// folders lists where binaries may be, best first.
func folders() []string {
	patterns := []string{"/var/cache/handrail/postgres/*/bin"}
	if cache, err := os.UserCacheDir(); err == nil {
		patterns = append([]string{filepath.Join(cache, "handrail/postgres/*/bin")}, patterns...)
	}
	patterns = append(patterns, "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")
	var found []string
	for _, p := range patterns {
		matches, _ := filepath.Glob(p)
		for i := len(matches) - 1; i >= 0; i-- { // the newest version comes last
			found = append(found, matches[i])
		}
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(p))
	}
	return found
}

// inspect reads the versions of PostgreSQL and pgvector in a bin folder.
func inspect(dir string) (binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return binaries{}, err
	}
	b := binaries{dir: dir}
	if _, err := os.Stat(b.path("initdb")); err != nil {
		return b, fmt.Errorf("%s has no initdb", dir)
	}
	out, err := exec.Command(b.path("postgres"), "--version").Output()
	if err != nil {
		return b, fmt.Errorf("%s --version: %w", b.path("postgres"), err)
	}
	if b.major = firstNumber(string(out)); b.major < minMajor {
		return b, fmt.Errorf("%s is version %d, which is too old", dir, b.major)
	}
	control, err := os.ReadFile(filepath.Join(b.share(), "extension", "vector.control"))
	if err != nil {
		return b, fmt.Errorf("PostgreSQL %d in %s has no pgvector", b.major, dir)
	}
	b.vector = vectorVersion(control)
	if !b.vectorAtLeast(0, 7, 0) {
		return b, fmt.Errorf("PostgreSQL %d in %s has a pgvector older than 0.7", b.major, dir)
	}
	return b, nil
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// share returns the folder of the extension files, which every packager puts elsewhere.
func (b binaries) share() string {
	if out, err := exec.Command(b.path("pg_config"), "--sharedir").Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	return filepath.Join(b.dir, "../share/postgresql")
}

func (b binaries) vectorAtLeast(major, minor, patch int) bool {
	for i, want := range [3]int{major, minor, patch} {
		if b.vector[i] != want {
			return b.vector[i] > want
		}
	}
	return true
}

var (
	numberPattern  = regexp.MustCompile(`\d+`)
	defaultVersion = regexp.MustCompile(`default_version\s*=\s*'(\d+)\.(\d+)(?:\.(\d+))?`)
)

func firstNumber(s string) int {
	n, _ := strconv.Atoi(numberPattern.FindString(s))
	return n
}

// vectorVersion reads the version out of vector.control.
func vectorVersion(control []byte) (v [3]int) {
	m := defaultVersion.FindSubmatch(control)
	for i := range v {
		if i+1 < len(m) {
			v[i], _ = strconv.Atoi(string(m[i+1]))
		}
	}
	return v
}
