package auth

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// MinPassword is the shortest password accepted, in characters.
const MinPassword = 12

// User is a member of staff.
type User struct {
	ID        int64
	Email     string
	Name      string
	Role      Role
	CreatedAt time.Time
	Disabled  bool
}

// NewUser is what is needed to add a member of staff.
type NewUser struct {
	Email, Name, Password string
	Role                  Role
}

// AddUser stores a new member of staff. A malformed field is [errs.Invalid], an address in use [errs.Conflict].
func (s *Store) AddUser(ctx context.Context, workspace uuid.UUID, actor string, u NewUser) (User, error) {
	email, err := checkUser(u)
	if err != nil {
		return User{}, err
	}
	hash, err := s.hash(ctx, u.Password)
	if err != nil {
		return User{}, err
	}
	added := User{Email: email, Name: u.Name, Role: u.Role}
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO users (workspace_id, email, name, role, password_hash) VALUES ($1, $2, $3, $4, $5)
			RETURNING id, created_at`, workspace, email, u.Name, u.Role, hash).Scan(&added.ID, &added.CreatedAt)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, workspace, audit.Record{Actor: actor, Action: "user.add",
			Target: fmt.Sprintf("user:%d", added.ID), Data: map[string]any{"role": u.Role}})
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == pgerrcode.UniqueViolation {
		return User{}, errs.Wrap(err, errs.Conflict, "a user with the e-mail address %s exists already", email)
	}
	return added, err
}

func checkUser(u NewUser) (email string, err error) {
	addr, err := mail.ParseAddress(u.Email)
	switch {
	case err != nil || addr.Name != "":
		return "", errs.New(errs.Invalid, "%q is not an e-mail address", u.Email)
	case strings.TrimSpace(u.Name) == "":
		return "", errs.New(errs.Invalid, "the name of %s is empty", u.Email)
	case !slices.Contains(Roles(), u.Role):
		return "", errs.New(errs.Invalid, "unknown role %q: use one of %v", u.Role, Roles())
	case len([]rune(u.Password)) < MinPassword:
		return "", errs.New(errs.Invalid, "the password is too short: use at least %d characters", MinPassword)
	}
	return strings.ToLower(addr.Address), nil
}

// Users lists the staff of a workspace, by id.
func (s *Store) Users(ctx context.Context, workspace uuid.UUID) ([]User, error) {
	var users []User
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, email, name, role, created_at, disabled_at IS NOT NULL
			FROM users WHERE workspace_id = $1 ORDER BY id`, workspace)
		if err != nil {
			return err
		}
		users, err = pgx.CollectRows(rows, pgx.RowToStructByPos[User])
		return err
	})
	return users, err
}

// DisableUser ends a member of staff's access: they cannot sign in, and what they are signed in to ends. It returns them.
// Disabling again is no error. An unknown address is [errs.NotFound].
func (s *Store) DisableUser(ctx context.Context, workspace uuid.UUID, actor, email string) (u User, err error) {
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE workspace_id = $1 AND email = lower($2)
			RETURNING id, email, name, role, created_at, true`, workspace, strings.TrimSpace(email)).
			Scan(&u.ID, &u.Email, &u.Name, &u.Role, &u.CreatedAt, &u.Disabled)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.NotFound, "there is no user with the e-mail address %s", email)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE workspace_id = $1 AND user_id = $2`, workspace, u.ID)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, workspace, audit.Record{Actor: actor, Action: "user.disable",
			Target: fmt.Sprintf("user:%d", u.ID)})
	})
	return u, err
}

// Disabled returns those of the given users who may not be here any more.
func (s *Store) Disabled(ctx context.Context, workspace uuid.UUID, ids []int64) (gone []int64, err error) {
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id FROM users WHERE workspace_id = $1 AND id = ANY($2) AND disabled_at IS NOT NULL`, workspace, ids)
		if err != nil {
			return err
		}
		gone, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	return gone, err
}

// hash runs argon2id with OWASP's recommended cost (19 MiB, 2 passes, 1 lane).
func (s *Store) hash(ctx context.Context, password string) (string, error) {
	if err := s.acquire(ctx); err != nil {
		return "", err
	}
	defer s.release()
	return argon2id.CreateHash(password, params())
}

func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

func (s *Store) acquire(ctx context.Context) error {
	select {
	case s.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) release() { <-s.hashing }
