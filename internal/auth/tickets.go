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

// sweepEvery is how often a node removes tickets that nobody has used.
const sweepEvery = 10 * time.Second

// Subject is whom a ticket lets in: a member of staff or a visitor's contact, never both.
type Subject struct {
	User    int64     `json:"user,omitempty"`
	Contact uuid.UUID `json:"contact,omitzero"`
	Widget  string    `json:"widget,omitempty"` // public key of the widget the visitor came through
	Lang    string    `json:"lang,omitempty"`
	PageURL string    `json:"page_url,omitempty"`
}

// issued is a ticket on its way into the database.
type issued struct {
	workspace uuid.UUID
	hash      []byte
	subject   string // JSON
}

// redeemed is what a ticket was good for; the zero value means that it was not.
type redeemed struct {
	workspace uuid.UUID
	subject   []byte
}

// Ticket makes a one-time permission to open a WebSocket.
func (s *Store) Ticket(ctx context.Context, workspace uuid.UUID, subject Subject) (string, error) {
	data, err := json.Marshal(subject)
	if err != nil {
		return "", fmt.Errorf("encode ticket: %w", err)
	}
	ticket, hash := NewSecret("hrt_")
	_, err = s.issue.Do(ctx, issued{workspace, hash, string(data)})
	return ticket, err
}

// issueAll stores tickets, of whatever workspaces, each with the workspace that its caller named.
func (s *Store) issueAll(ctx context.Context, tickets []issued) ([]struct{}, error) {
	workspaces, subjects, hashes := make([]string, len(tickets)), make([]string, len(tickets)), make([][]byte, len(tickets))
	for i, t := range tickets {
		workspaces[i], hashes[i], subjects[i] = t.workspace.String(), t.hash, t.subject
	}
	err := s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO tickets (workspace_id, ticket_hash, subject, expires_at)
			SELECT n.workspace_id, n.hash, n.subject::jsonb, now() + $4::interval
			FROM unnest($1::uuid[], $2::bytea[], $3::text[]) AS n (workspace_id, hash, subject)`,
			workspaces, hashes, subjects, TicketLife)
		if err != nil || !s.sweepDue() {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM tickets WHERE expires_at < now() - interval '1 minute'`)
		return err
	})
	return make([]struct{}, len(tickets)), err
}

// sweepDue reports whether it is time to remove old tickets, to one caller at a time.
func (s *Store) sweepDue() bool {
	now, last := time.Now().UnixNano(), s.swept.Load()
	return now-last > int64(sweepEvery) && s.swept.CompareAndSwap(last, now)
}

// Redeem uses a ticket up and returns whom it lets in. A ticket that is unknown, used or expired is
// [errs.Unauthenticated].
func (s *Store) Redeem(ctx context.Context, ticket string) (workspace uuid.UUID, subject Subject, err error) {
	found, err := s.redeem.Do(ctx, [32]byte(HashSecret(ticket)))
	if err != nil {
		return uuid.Nil, Subject{}, err
	}
	if found.subject == nil {
		return uuid.Nil, Subject{}, errs.New(errs.Unauthenticated, "the ticket is unknown, used or expired: take a new one")
	}
	if err := json.Unmarshal(found.subject, &subject); err != nil {
		return uuid.Nil, Subject{}, fmt.Errorf("decode ticket: %w", err)
	}
	return found.workspace, subject, nil
}

// redeemAll uses tickets up. Of several who offer the same ticket at once, the first has it.
func (s *Store) redeemAll(ctx context.Context, hashes [][32]byte) ([]redeemed, error) {
	asked := make([][]byte, len(hashes))
	for i := range hashes {
		asked[i] = hashes[i][:]
	}
	found := map[[32]byte]redeemed{}
	err := s.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			DELETE FROM tickets WHERE ticket_hash = ANY($1) AND expires_at > now()
			RETURNING ticket_hash, workspace_id, subject`, asked)
		if err != nil {
			return err
		}
		for rows.Next() {
			var hash []byte
			var r redeemed
			if err := rows.Scan(&hash, &r.workspace, &r.subject); err != nil {
				return err
			}
			found[[32]byte(hash)] = r
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	results := make([]redeemed, len(hashes))
	for i, h := range hashes {
		results[i] = found[h]
		delete(found, h)
	}
	return results, nil
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
