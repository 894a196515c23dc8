package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/internal/errs"
)

// DefaultWorkspace is the slug of the workspace that a new installation starts with.
const DefaultWorkspace = "default"

// EnsureWorkspace returns the workspace with the slug and makes it if there is none.
func (s *Store) EnsureWorkspace(ctx context.Context, slug, name string) (uuid.UUID, error) {
	var id uuid.UUID
	err := s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		// The no-op update makes RETURNING yield the row that was there before.
		return tx.QueryRow(ctx, `
			INSERT INTO workspaces (id, slug, name) VALUES ($1, $2, $3)
			ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug RETURNING id`, uuid.New(), slug, name).Scan(&id)
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("find the workspace %q: %w", slug, err)
	}
	return id, nil
}

// RemoveWorkspace deletes a workspace with its knowledge and intents. One that has staff or conversations is refused
// with [errs.Conflict]: people's data has ways of its own to go.
func (s *Store) RemoveWorkspace(ctx context.Context, workspace uuid.UUID) error {
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM workspaces WHERE id = $1`, workspace)
		return err
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == pgerrcode.ForeignKeyViolation {
		return errs.Wrap(err, errs.Conflict, "the workspace has staff or conversations")
	}
	return err
}

// Widget is one place where visitors chat.
type Widget struct {
	Workspace uuid.UUID
	Key       string   // public: it stands in the page
	Origins   []string // other sites' pages that may embed it, exactly as browsers send them ("https://shop.example")
}

// EnsureWidget returns the key of the workspace's widget with the name, and makes it if there is none. Origins, unless
// nil, replace those that may embed it; one that no browser would send is [errs.Invalid].
func (s *Store) EnsureWidget(ctx context.Context, workspace uuid.UUID, name string, origins []string) (string, error) {
	for i, o := range origins {
		clean, err := origin(o)
		if err != nil {
			return "", err
		}
		origins[i] = clean
	}
	var key string
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			UPDATE widgets SET origins = coalesce($3, origins) WHERE workspace_id = $1 AND name = $2 RETURNING key`,
			workspace, name, origins).Scan(&key)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		key = "hrw_" + uuid.NewString()
		_, err = tx.Exec(ctx, `INSERT INTO widgets (workspace_id, key, name, origins) VALUES ($1, $2, $3, $4)`,
			workspace, key, name, append([]string{}, origins...))
		return err
	})
	s.widgets.Delete(key)
	return key, err
}

// origin returns s as browsers send it: scheme and host, in lower case, without a path.
func origin(s string) (string, error) {
	u, err := url.Parse(strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), "/")))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" {
		return "", errs.New(errs.Invalid, "%q is not an origin: give scheme and host, such as https://shop.example", s)
	}
	return u.Scheme + "://" + u.Host, nil
}

// widgetLife is how long a node relies on what it has read of a widget. Every visitor who connects asks for it.
const widgetLife = 2 * time.Second

type knownWidget struct {
	Widget
	read time.Time
}

// Widget returns the widget with the key, [errs.NotFound] where there is none. A change of its origins on another node
// takes two seconds to arrive.
func (s *Store) Widget(ctx context.Context, key string) (Widget, error) {
	if known, ok := s.widgets.Load(key); ok && time.Since(known.(knownWidget).read) < widgetLife {
		return known.(knownWidget).Widget, nil
	}
	w := Widget{Key: key}
	err := s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT workspace_id, origins FROM widgets WHERE key = $1`, key).Scan(&w.Workspace, &w.Origins)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		s.widgets.Delete(key)
		return Widget{}, errs.New(errs.NotFound, "no widget has the key %q: copy the snippet again", key)
	}
	if err == nil {
		s.widgets.Store(key, knownWidget{w, time.Now()})
	}
	return w, err
}
