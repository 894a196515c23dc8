package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// SessionLife is how long a browser stays signed in.
const SessionLife = 12 * time.Hour

// absentHash is compared when the address is unknown, so that the answer takes as long as for a known one.
const absentHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// SignIn checks a password and opens a session. The error is the same whether the address or the password is wrong.
func (s *Store) SignIn(ctx context.Context, workspace uuid.UUID, email, password string) (token string, p Principal, err error) {
	email = strings.ToLower(strings.TrimSpace(email))
	p = Principal{Workspace: workspace, Email: email}
	hash := absentHash
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT id, name, role, password_hash FROM users
			WHERE workspace_id = $1 AND email = $2 AND disabled_at IS NULL`, workspace, email).
			Scan(&p.User, &p.Name, &p.Role, &hash)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", Principal{}, err
	}
	ok, err := s.matches(ctx, password, hash)
	if err != nil {
		return "", Principal{}, err
	}
	if !ok || p.User == 0 {
		return "", Principal{}, errs.New(errs.Unauthenticated, "the e-mail address or the password is wrong")
	}
	token, tokenHash := NewSecret("hrs_")
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH expired AS (DELETE FROM sessions WHERE workspace_id = $1 AND expires_at < now())
			INSERT INTO sessions (workspace_id, token_hash, user_id, expires_at)
			VALUES ($1, $2, $3, now() + $4::interval)`, workspace, tokenHash, p.User, SessionLife)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, workspace, audit.Record{Actor: p.Actor(), Action: "session.open",
			Target: fmt.Sprintf("user:%d", p.User)})
	})
	return token, p, err
}

func (s *Store) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := s.acquire(ctx); err != nil {
		return false, err
	}
	defer s.release()
	return argon2id.ComparePasswordAndHash(password, hash)
}

// Session returns who holds the token; an unknown or expired token, or a disabled user, is [errs.Unauthenticated].
func (s *Store) Session(ctx context.Context, token string) (Principal, error) {
	var p Principal
	err := s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT u.workspace_id, u.id, u.name, u.email, u.role
			FROM sessions s JOIN users u ON u.workspace_id = s.workspace_id AND u.id = s.user_id
			WHERE s.token_hash = $1 AND s.expires_at > now() AND u.disabled_at IS NULL`, HashSecret(token)).
			Scan(&p.Workspace, &p.User, &p.Name, &p.Email, &p.Role)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Principal{}, errs.New(errs.Unauthenticated, "your session has ended: sign in again")
	}
	return p, err
}

// SignOut ends the session of the token; an unknown token is no error.
func (s *Store) SignOut(ctx context.Context, token string) error {
	return s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, HashSecret(token))
		return err
	})
}
