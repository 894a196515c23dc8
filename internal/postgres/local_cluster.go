package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// The bootstrap superuser makes the extension; the application owns its database and needs no more than that.
const (
	superuser   = "postgres"
	appRole     = "handrail"
	appDatabase = "handrail"
)

// cluster is the folder of a private cluster and what runs it:
//
//	lock                 held by the owner with flock
//	data/                the cluster (PGDATA), owned by the account that runs PostgreSQL
//	postgres.password    of the bootstrap superuser, mode 0600
//	handrail.password    of the application's login role, mode 0600
//	postgres.log
type cluster struct {
	dir     string
	bin     binaries
	account account
	unsafe  bool
	log     *slog.Logger
}

// newCluster makes the folder and checks that the account that will run PostgreSQL can reach it.
func newCluster(c LocalConfig) (cluster, error) {
	root, err := filepath.Abs(c.Dir)
	if err != nil {
		return cluster{}, err
	}
	cl := cluster{dir: filepath.Join(root, "pg"), unsafe: c.Unsafe, log: c.Log}
	if cl.log == nil {
		cl.log = slog.New(slog.DiscardHandler)
	}
	cl.account = accountFor(cl.data())
	if err := os.MkdirAll(cl.dir, cl.account.folderMode()); err != nil {
		return cluster{}, errs.Wrap(err, errs.Invalid, "cannot create the data folder %s", cl.dir)
	}
	if err := cl.account.checkReach(cl.dir, "choose another data folder, for example /var/lib/handrail"); err != nil {
		return cluster{}, err
	}
	if cl.bin, err = binariesFor(c.BinDir, cl.major()); err != nil {
		return cluster{}, err
	}
	return cl, cl.account.checkReach(cl.bin.dir, "install PostgreSQL in a folder that everyone may read")
}

func (c *cluster) data() string    { return filepath.Join(c.dir, "data") }
func (c *cluster) logFile() string { return filepath.Join(c.dir, "postgres.log") }

// major returns the PostgreSQL major version that made the cluster, or 0 where there is none yet.
func (c *cluster) major() int {
	b, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// initialise creates the cluster unless it is there. It works in a folder of its own and renames it at the end, so an
// interrupted run leaves no half-made cluster.
func (c *cluster) initialise(ctx context.Context) error {
	if _, err := os.Stat(c.data()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := c.newPassword(superuser); err != nil {
		return err
	}
	// initdb reads the password itself, under the account that runs PostgreSQL.
	if err := c.account.own(c.passwordFile(superuser)); err != nil {
		return err
	}
	fresh := c.data() + ".new"
	var err error
	// C.UTF-8 knows letters of every script and still sorts by code point; some systems lack it.
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err = c.initdb(ctx, fresh, locale); err == nil {
			break
		}
	}
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "cannot create a database cluster in %s", c.dir)
	}
	c.log.Info("created a private PostgreSQL cluster", "dir", c.data(), "version", c.bin.major)
	return os.Rename(fresh, c.data())
}

func (c *cluster) initdb(ctx context.Context, dir, locale string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := c.account.own(dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.bin.path("initdb"), "-D", dir, "-U", superuser, "-A", "scram-sha-256",
		"--pwfile", c.passwordFile(superuser), "-E", "UTF8", "--locale", locale, "--no-instructions")
	c.prepare(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// prepare makes cmd run under the cluster's account, free of the PG* variables of the caller.
func (c *cluster) prepare(cmd *exec.Cmd) {
	cmd.Dir = c.dir
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = c.account.attributes()
}

// bootstrap makes the login role, its database and the extension, and returns the role's password. Running it at every
// start costs a few milliseconds and repairs a lost password file.
func (c *cluster) bootstrap(ctx context.Context, port int) (string, error) {
	super, err := c.readPassword(superuser)
	if err != nil {
		return "", errs.Wrap(err, errs.Unavailable, "the password of the private database is missing")
	}
	password, err := c.readPassword(appRole)
	if errors.Is(err, os.ErrNotExist) {
		password, err = c.newPassword(appRole)
	}
	if err != nil {
		return "", err
	}
	err = script(ctx, connString(superuser, super, port, "postgres"), `
		DO $$ BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'handrail') THEN
				CREATE ROLE handrail;
			END IF;
		END $$`,
		// CREATEROLE lets migrations make the application role. The password is letters and digits.
		`ALTER ROLE handrail LOGIN CREATEROLE NOSUPERUSER PASSWORD '`+password+`'`)
	if err != nil {
		return "", fmt.Errorf("create the login role: %w", err)
	}
	return password, c.createDatabase(ctx, super, port)
}

// createDatabase makes the application's database, and in it the extension that only a superuser may make.
func (c *cluster) createDatabase(ctx context.Context, super string, port int) error {
	err := script(ctx, connString(superuser, super, port, "postgres"), `CREATE DATABASE handrail OWNER handrail`)
	if err != nil && !strings.Contains(err.Error(), "42P04") { // duplicate_database
		return fmt.Errorf("create the database: %w", err)
	}
	err = script(ctx, connString(superuser, super, port, appDatabase), `CREATE EXTENSION IF NOT EXISTS vector`)
	if err != nil {
		return fmt.Errorf("create the extension vector: %w", err)
	}
	return nil
}

func (c *cluster) passwordFile(role string) string { return filepath.Join(c.dir, role+".password") }

func (c *cluster) readPassword(role string) (string, error) {
	b, err := os.ReadFile(c.passwordFile(role))
	return string(b), err
}

// newPassword stores a random password of 26 letters and digits, replacing the file as a whole.
func (c *cluster) newPassword(role string) (string, error) {
	password := rand.Text()
	tmp := c.passwordFile(role) + ".new"
	if err := os.WriteFile(tmp, []byte(password), 0o600); err != nil {
		return "", err
	}
	return password, os.Rename(tmp, c.passwordFile(role))
}

func connString(role, password string, port int, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password), Path: "/" + database, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
	}
	return u.String()
}

// script runs statements one by one.
func script(ctx context.Context, dsn string, statements ...string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// answers reports whether the database accepts the login.
func answers(ctx context.Context, dsn string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return script(ctx, dsn, "SELECT 1") == nil
}
