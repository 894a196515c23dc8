// Package pgtest gives each test a PostgreSQL database of its own, cloned from a migrated template in about 25 ms.
//
// It needs a throw-away server: HANDRAIL_TEST_DATABASE_URL names one whose role may create databases. `make test`
// starts one; `make testdb` starts one and prints the line to export for a bare `go test`.
package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/postgres"
)

// EnvURL is the environment variable that names the test server.
const EnvURL = "HANDRAIL_TEST_DATABASE_URL"

// Open returns a migrated, empty database that is dropped when the test ends.
func Open(t testing.TB) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: URL(t), MaxConns: 8, AllowUnsafe: true})
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// URL clones the template and returns the connection string of the clone. Use it to open the same database several
// times, as several nodes do.
func URL(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(EnvURL)
	if admin == "" {
		t.Fatalf("%s is not set: run `make test`, or `make testdb` and export the line it prints", EnvURL)
	}
	tmpl, err := template(context.WithoutCancel(t.Context()), admin)
	if err != nil {
		t.Fatalf("prepare the template database: %v", err)
	}
	name := "t_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := exec(t.Context(), admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, tmpl)); err != nil {
		t.Fatalf("clone the template database: %v", err)
	}
	t.Cleanup(func() {
		_ = exec(context.Background(), admin, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	})
	return withDatabase(admin, name)
}

// Workspace inserts a workspace and returns its id.
func Workspace(t testing.TB, db *postgres.DB) uuid.UUID {
	t.Helper()
	id := uuid.New()
	err := db.InTx(t.Context(), id, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO workspaces (id, slug, name) VALUES ($1, $2, $2)`, id, id.String())
		return err
	})
	if err != nil {
		t.Fatalf("insert workspace: %v", err)
	}
	return id
}

var (
	templateMu   sync.Mutex
	templateName string
)

// template makes the migrated template once per server and set of migrations, whichever test process comes first.
func template(ctx context.Context, admin string) (string, error) {
	templateMu.Lock()
	defer templateMu.Unlock()
	if templateName != "" {
		return templateName, nil
	}
	sum, err := migrationsHash()
	if err != nil {
		return "", err
	}
	name := "handrail_template_" + sum
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	// The session lock makes the other test processes wait for the first.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return "", err
	}
	var exists bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists)
	if err != nil {
		return "", err
	}
	if !exists {
		if err := build(ctx, conn, admin, name); err != nil {
			return "", err
		}
	}
	templateName = name
	return name, nil
}

// build migrates under another name first, so that an interrupted build is never taken for a template.
func build(ctx context.Context, conn *pgx.Conn, admin, name string) error {
	tmp := name + "_new"
	for _, sql := range []string{
		"DROP DATABASE IF EXISTS " + tmp + " WITH (FORCE)",
		"CREATE DATABASE " + tmp,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := postgres.Migrate(ctx, withDatabase(admin, tmp)); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "ALTER DATABASE "+tmp+" RENAME TO "+name)
	return err
}

func migrationsHash() (string, error) {
	h := sha256.New()
	files := postgres.Migrations()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		h.Write([]byte(path))
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:12], err
}

func exec(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func withDatabase(dsn, name string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	u.Path = "/" + name
	return u.String()
}
