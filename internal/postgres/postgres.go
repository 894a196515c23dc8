// Package postgres opens the database, migrates it, and runs transactions bound to one workspace.
//
// Guarantees:
//
//   - Every query of a [DB] runs as a role that cannot bypass row-level security. Every table with a workspace_id has a
//     forced policy that compares it with the setting handrail.workspace, so a transaction that does not name its
//     workspace sees no row at all.
//   - [DB.InTx] names one workspace for one transaction. [DB.InSystemTx] names all of them; it is for the few loops
//     that serve every workspace (due turns, expired leases, sign-in) and is easy to grep for.
//   - [Open] refuses servers that could lose acknowledged data: see [Config.AllowUnsafe].
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"handrail/internal/errs"
	"handrail/internal/seal"
)

// Role is the application role: it owns nothing, may not log in, and is subject to row-level security.
const Role = "handrail_app"

// AllWorkspaces is the value of handrail.workspace under which the policies admit every row.
const AllWorkspaces = "*"

// Config says which database to open and how.
type Config struct {
	URL      string // a postgres:// URL or key/value DSN
	MaxConns int32  // pool size; 0 means pgx's default (4, or the number of CPUs if larger)

	// AllowUnsafe accepts a server whose fsync, full_page_writes or synchronous_commit is off. Tests set it; a server
	// that acknowledges messages must not.
	AllowUnsafe bool

	// Keys are the operator keys under which rows are sealed. Nil makes [Open] leave them sealed, for commands that read
	// none of them; with AllowUnsafe, for throw-away databases, a key that everybody knows is used instead.
	Keys *seal.Ring
}

// DB is a pool of connections that run as [Role], and the keys to what is sealed there.
type DB struct {
	pool  *pgxpool.Pool
	vault *seal.Vault
}

// Open connects, checks the server, applies pending migrations and returns a ready pool. Errors are of kind
// [errs.Unavailable] when the server cannot be reached and [errs.Unsupported] when it cannot be used; both say what to
// do.
func Open(ctx context.Context, c Config) (*DB, error) {
	if err := prepare(ctx, c); err != nil {
		return nil, err
	}
	if c.Keys == nil && c.AllowUnsafe {
		c.Keys = seal.ThrowAwayRing()
	}
	db, err := connect(ctx, c)
	if err != nil || c.Keys == nil {
		return db, err
	}
	if err := db.unlock(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// unlock makes sure that the operator keys fit this database, then seals what an older version left plain.
func (db *DB) unlock(ctx context.Context) error {
	if err := db.InSystemTx(ctx, func(tx pgx.Tx) error { return db.vault.Check(ctx, tx) }); err != nil {
		return err
	}
	for more := true; more; {
		err := db.InSystemTx(ctx, func(tx pgx.Tx) (err error) {
			more, err = db.vault.SealPlain(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("seal the rows of an older version: %w", err)
		}
	}
	return nil
}

// Vault seals and opens what must not stand in the database in plain text.
func (db *DB) Vault() *seal.Vault { return db.vault }

// connect opens the pool without checking or migrating.
func connect(ctx context.Context, c Config) (*DB, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "DATABASE_URL is not a PostgreSQL connection string")
	}
	if c.MaxConns > 0 {
		pc.MaxConns = c.MaxConns
	}
	pc.ConnConfig.ConnectTimeout = 5 * time.Second
	pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET ROLE "+Role)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, unreachable(err)
	}
	return &DB{pool: pool, vault: seal.NewVault(c.Keys)}, nil
}

// Close waits for running queries and closes every connection.
func (db *DB) Close() { db.pool.Close() }

// Pool returns the underlying pool, for libraries that bring their own queries (River). Its sessions have no workspace
// and therefore see no row of a workspace's tables.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Ping reports whether the server answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return unreachable(err)
	}
	return nil
}

// InTx runs fn in one READ COMMITTED transaction that sees the rows of one workspace only. The transaction commits if
// fn returns nil and rolls back if it returns an error or panics.
func (db *DB) InTx(ctx context.Context, workspace uuid.UUID, fn func(pgx.Tx) error) error {
	return db.inTx(ctx, workspace.String(), fn)
}

// InSystemTx is [DB.InTx] for every workspace at once. Only loops that serve all workspaces may use it.
func (db *DB) InSystemTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return db.inTx(ctx, AllWorkspaces, fn)
}

func (db *DB) inTx(ctx context.Context, setting string, fn func(pgx.Tx) error) error {
	// The setting rides on BEGIN, in one simple-protocol message, so that naming the workspace costs no round trip.
	// Its value is a UUID or "*", so quoting cannot go wrong.
	begin := "BEGIN; SET LOCAL handrail.workspace = '" + setting + "'"
	err := pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{BeginQuery: begin}, fn)
	return classify(err)
}

// Batch sends queries to one workspace in a single round trip: the batch is its own implicit transaction, led by the
// workspace setting. read consumes the results in order.
func (db *DB) Batch(ctx context.Context, workspace uuid.UUID, queue func(*pgx.Batch), read func(pgx.BatchResults) error) error {
	var b pgx.Batch
	b.Queue("SELECT set_config('handrail.workspace', $1, true)", workspace.String())
	queue(&b)
	res := db.pool.SendBatch(ctx, &b)
	if _, err := res.Exec(); err != nil {
		_ = res.Close()
		return classify(err)
	}
	if err := read(res); err != nil {
		_ = res.Close()
		return classify(err)
	}
	return classify(res.Close())
}

// classify turns connection failures into [errs.Unavailable] and leaves every other error alone.
func classify(err error) error {
	var known *errs.Error
	var pgErr interface{ SQLState() string }
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, pgx.ErrNoRows):
		return err
	case errors.As(err, &pgErr):
		// Class 57 is operator intervention (shutdown), class 53 is insufficient resources (disk full).
		switch c := pgErr.SQLState(); {
		case strings.HasPrefix(c, "57P"), strings.HasPrefix(c, "53"):
			return unreachable(err)
		case c == "22021", c == "22P05":
			return errs.Wrap(err, errs.Invalid, "the text holds a character that cannot be stored, such as NUL: remove it")
		}
		return err
	case isConnection(err):
		return unreachable(err)
	}
	return err
}

func isConnection(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return true
	}
	s := err.Error()
	return strings.Contains(s, "conn closed") || strings.Contains(s, "unexpected EOF") ||
		strings.Contains(s, "connection refused") || strings.Contains(s, "connection reset") ||
		strings.Contains(s, "broken pipe") || strings.Contains(s, "closed pool")
}

func unreachable(err error) error {
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) {
		switch refusal.Code {
		case "3D000":
			return errs.Wrap(err, errs.Unavailable, "the database does not exist: create it, or correct its name in DATABASE_URL")
		case "28P01", "28000":
			return errs.Wrap(err, errs.Unavailable, "PostgreSQL refused the user or the password of DATABASE_URL")
		}
	}
	// Visitors read the first text; what to do about it is for operators.
	return errs.Wrap(fmt.Errorf("check that PostgreSQL is running and that DATABASE_URL points to it: %w", err),
		errs.Unavailable, "the database does not answer")
}

// prepare checks the server and migrates it, over a connection of its own that keeps the login role.
func prepare(ctx context.Context, c Config) error {
	cc, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "DATABASE_URL is not a PostgreSQL connection string")
	}
	cc.ConnectTimeout = 5 * time.Second
	conn, err := pgx.ConnectConfig(ctx, cc)
	if err != nil {
		return unreachable(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := check(ctx, conn, c.AllowUnsafe); err != nil {
		return err
	}
	return Migrate(ctx, c.URL)
}

// check refuses a server that is too old, lacks pgvector, or may lose committed data.
func check(ctx context.Context, conn *pgx.Conn, allowUnsafe bool) error {
	var version int
	var unsafe []string
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int,
		       array(SELECT name FROM pg_settings
		             WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off')`).
		Scan(&version, &unsafe)
	if err != nil {
		return fmt.Errorf("read server settings: %w", err)
	}
	if version < 150000 {
		return errs.New(errs.Unsupported, "PostgreSQL %d is too old: Handrail needs version 15 or later", version/10000)
	}
	if len(unsafe) > 0 && !allowUnsafe {
		return errs.New(errs.Unsupported, "PostgreSQL runs with %s off, so a crash could lose acknowledged messages: "+
			"turn it on, or set HANDRAIL_ALLOW_UNSAFE_DATABASE=true for a throw-away database", strings.Join(unsafe, ", "))
	}
	return checkVector(ctx, conn)
}

// checkVector makes sure that the extension is there and recent enough for halfvec and sparsevec (0.7).
func checkVector(ctx context.Context, conn *pgx.Conn) error {
	var version string
	const installed = `SELECT extversion FROM pg_extension WHERE extname = 'vector'`
	err := conn.QueryRow(ctx, installed).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err = conn.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS vector`); err != nil {
			return errs.Wrap(err, errs.Unsupported, "this database has no pgvector: install the package (for example "+
				"postgresql-17-pgvector) and run CREATE EXTENSION vector as a superuser")
		}
		err = conn.QueryRow(ctx, installed).Scan(&version)
	}
	if err != nil {
		return fmt.Errorf("read the pgvector version: %w", err)
	}
	if major, minor := parseVersion(version); major == 0 && minor < 7 {
		return errs.New(errs.Unsupported, "pgvector %s is too old: Handrail needs 0.7 or later (0.8.2 or later advised)", version)
	}
	return nil
}

func parseVersion(s string) (major, minor int) {
	parts := strings.SplitN(s, ".", 3)
	major, _ = strconv.Atoi(parts[0])
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	return major, minor
}
