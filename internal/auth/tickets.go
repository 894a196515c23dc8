package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// TicketLife is how long a ticket waits to be used.
const TicketLife = time.Minute

// Subject is whom a ticket lets in: a member of staff or a visitor's contact, never both.
type Subject struct {
	User    int64     `json:"user,omitempty"`
	Contact uuid.UUID `json:"contact,omitzero"`
	Widget  string    `json:"widget,omitempty"` // public key of the widget the visitor came through
	Lang    string    `json:"lang,omitempty"`
	PageURL string    `json:"page_url,omitempty"`
}

// Ticket makes a one-time permission to open a WebSocket.
func (s *Store) Ticket(ctx context.Context, workspace uuid.UUID, subject Subject) (string, error) {
	data, err := json.Marshal(subject)
	if err != nil {
		return "", fmt.Errorf("encode ticket: %w", err)
	}
	ticket, hash := NewSecret("hrt_")
	err = s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			WITH expired AS (DELETE FROM tickets WHERE workspace_id = $1 AND expires_at < now() - interval '1 minute')
			INSERT INTO tickets (workspace_id, ticket_hash, subject, expires_at)
			VALUES ($1, $2, $3, now() + $4::interval)`, workspace, hash, data, TicketLife)
		return err
	})
	return ticket, err
}

// Redeem uses a ticket up and returns whom it lets in. A ticket that is unknown, used or expired is
// [errs.Unauthenticated].
func (s *Store) Redeem(ctx context.Context, ticket string) (workspace uuid.UUID, subject Subject, err error) {
	var data []byte
	err = s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			DELETE FROM tickets WHERE ticket_hash = $1 AND expires_at > now() RETURNING workspace_id, subject`,
			HashSecret(ticket)).Scan(&workspace, &data)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, Subject{}, errs.New(errs.Unauthenticated, "the ticket is unknown, used or expired: take a new one")
	}
	if err != nil {
		return uuid.Nil, Subject{}, err
	}
	if err := json.Unmarshal(data, &subject); err != nil {
		return uuid.Nil, Subject{}, fmt.Errorf("decode ticket: %w", err)
	}
	return workspace, subject, nil
}

// User returns an enabled member of staff as a principal, [errs.Unauthenticated] where there is none.
func (s *Store) User(ctx context.Context, workspace uuid.UUID, id int64) (Principal, error) {
	p := Principal{Workspace: workspace, User: id}
	err := s.db.InTx(ctx, workspace, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT name, email, role FROM users WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL`,
			workspace, id).Scan(&p.Name, &p.Email, &p.Role)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Principal{}, errs.New(errs.Unauthenticated, "this account is disabled")
	}
	return p, err
}
