package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate applies the pending migrations of Handrail and of River, whichever node comes first; the others wait on a
// session lock. It then lets [Role] use every table.
func Migrate(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return unreachable(err)
	}
	defer pool.Close()
	release, err := oneAtATime(ctx, pool)
	if err != nil {
		return err
	}
	defer release()
	if err := createRole(ctx, pool); err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	defer sqlDB.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	if err := migrateJobs(ctx, pool); err != nil {
		return fmt.Errorf("apply the job queue's migrations: %w", err)
	}
	return grant(ctx, pool)
}

// oneAtATime makes nodes that start together migrate one after the other: River's migrations and grants on the same
// tables fail when they meet. The lock ends with its connection at the latest.
func oneAtATime(ctx context.Context, pool *pgxpool.Pool) (release func(), err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, unreachable(err)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('handrail migrations'))`); err != nil {
		conn.Release()
		return nil, fmt.Errorf("wait for other nodes to migrate: %w", err)
	}
	return func() {
		_ = conn.Hijack().Close(context.WithoutCancel(ctx))
	}, nil
}

// migrateJobs applies River's own migrations.
func migrateJobs(ctx context.Context, pool *pgxpool.Pool) error {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// grant lets the application role use every table made by the migrations.
func grant(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `
		GRANT USAGE ON SCHEMA public TO `+Role+`;
		GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO `+Role+`;
		GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO `+Role+`;
		REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM `+Role, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("grant tables to %s: %w", Role, err)
	}
	return nil
}

// createRole makes the application role once per server; roles are shared by all its databases.
func createRole(ctx context.Context, pool *pgxpool.Pool) error {
	// Two databases of one server may be migrated at the same moment, hence the lock and the exception handler.
	_, err := pool.Exec(ctx, `
		DO $$
		BEGIN
			PERFORM pg_advisory_xact_lock(hashtext('handrail_app role'));
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '`+Role+`') THEN
				CREATE ROLE `+Role+` NOLOGIN NOSUPERUSER NOBYPASSRLS;
			END IF;
			-- From version 16 on, the role that made another is a member of it, but only to administer it.
			IF NOT pg_has_role(current_user, '`+Role+`',
				CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
				EXECUTE format('GRANT `+Role+` TO %I', current_user);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
		END $$`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("create the role %s (the login role needs CREATEROLE, or create it once by hand): %w", Role, err)
	}
	return nil
}

// Migrations returns the SQL files, for tests that need to know when a template is out of date.
func Migrations() fs.FS { return migrations }
