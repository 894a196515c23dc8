package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// What every connecting client needs is looked up here, for all who ask at the same time at once. The queries span
// workspaces; each joins on the workspace that its caller named.

// lookups gather what clients ask for when they connect.
type lookups struct {
	visits *postgres.Gather[[32]byte, *Visit]
	states *postgres.Gather[key, *Conversation]
}

func (l *Log) newLookups() lookups {
	return lookups{visits: postgres.NewGather(2, 256, l.findVisits), states: postgres.NewGather(2, 256, l.findStates)}
}

// Visit is whom the token of a visitor's browser stands for.
type Visit struct {
	Workspace, Contact uuid.UUID
	Conversation       uuid.UUID // the one started last; zero if there is none
}

// Visit finds whose browser holds a token, in whatever workspace. An unknown token gives an error of kind
// [errs.NotFound].
func (l *Log) Visit(ctx context.Context, tokenHash []byte) (Visit, error) {
	v, err := l.lookups.visits.Do(ctx, [32]byte(tokenHash))
	if err != nil {
		return Visit{}, fmt.Errorf("find contact: %w", err)
	}
	if v == nil {
		return Visit{}, errs.New(errs.NotFound, "this visitor is not known here: start a new session")
	}
	return *v, nil
}

func (l *Log) findVisits(ctx context.Context, hashes [][32]byte) ([]*Visit, error) {
	asked := make([][]byte, len(hashes))
	for i := range hashes {
		asked[i] = hashes[i][:]
	}
	found := make([]*Visit, len(hashes))
	err := l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT k.n, p.workspace_id, p.id, latest.id
			FROM unnest($1::bytea[]) WITH ORDINALITY AS k (hash, n)
			CROSS JOIN LATERAL (SELECT * FROM contacts p WHERE p.token_hash = k.hash LIMIT 1) p
			LEFT JOIN LATERAL (
				SELECT c.id FROM conversations c
				WHERE c.workspace_id = p.workspace_id AND c.contact_id = p.id
				ORDER BY c.created_at DESC LIMIT 1) latest ON true`, asked)
		if err != nil {
			return err
		}
		for rows.Next() {
			var n int
			var v Visit
			var latest *uuid.UUID
			if err := rows.Scan(&n, &v.Workspace, &v.Contact, &latest); err != nil {
				return err
			}
			if latest != nil {
				v.Conversation = *latest
			}
			found[n-1] = &v
		}
		return rows.Err()
	})
	return found, err
}

// State is [Log.Conversation] without the contact's name.
func (l *Log) State(ctx context.Context, ws, id uuid.UUID) (Conversation, error) {
	c, err := l.lookups.states.Do(ctx, key{ws, id})
	if err != nil {
		return Conversation{}, fmt.Errorf("read conversation: %w", err)
	}
	if c == nil {
		return Conversation{}, notFound()
	}
	return *c, nil
}

func (l *Log) findStates(ctx context.Context, keys []key) ([]*Conversation, error) {
	var workspaces, ids uuids
	for _, k := range keys {
		workspaces.add(k.workspace)
		ids.add(k.id)
	}
	found := map[key]*Conversation{}
	err := l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+columns+` FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, id)
			CROSS JOIN LATERAL (
				SELECT * FROM conversations c WHERE c.workspace_id = k.workspace_id AND c.id = k.id LIMIT 1) c`, workspaces, ids)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, scanConversation)
		for _, c := range list {
			found[key{c.Workspace, c.ID}] = &c
		}
		return err
	})
	results := make([]*Conversation, len(keys))
	for i, k := range keys {
		results[i] = found[k]
	}
	return results, err
}

// Cursor is how far a reader has come in a conversation.
type Cursor struct {
	Workspace, Conversation uuid.UUID
	After                   int64
}

// ReadMany is [Log.Read] for several conversations at once, in the order of the cursors.
func (l *Log) ReadMany(ctx context.Context, cursors []Cursor, limit int) ([][]Message, error) {
	var workspaces, ids uuids
	after := make([]int64, len(cursors))
	for i, c := range cursors {
		workspaces.add(c.Workspace)
		ids.add(c.Conversation)
		after[i] = c.After
	}
	found := make([][]Message, len(cursors))
	err := l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT k.n, `+messageColumns+`
			FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS k (workspace_id, id, after, n)
			CROSS JOIN LATERAL (
				SELECT * FROM messages m
				WHERE m.workspace_id = k.workspace_id AND m.conversation_id = k.id AND m.seq > k.after
				ORDER BY m.seq LIMIT $4) m
			ORDER BY k.n, m.seq`, workspaces, ids, after, atMost(limit, MaxRead, MaxRead))
		if err != nil {
			return err
		}
		for rows.Next() {
			var n int
			var m Message
			if err := rows.Scan(append([]any{&n}, m.fields()...)...); err != nil {
				return err
			}
			found[n-1] = append(found[n-1], m)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return found, nil
}

// EnsureConversation returns the conversation that the contact started last, or starts one. Of several callers at once,
// on whatever nodes, one starts it and all have the same: they queue for the contact's row. An unknown contact gives an
// error of kind [errs.NotFound].
func (l *Log) EnsureConversation(ctx context.Context, ws uuid.UUID, n NewConversation) (c Conversation, err error) {
	if n.Channel == "" {
		n.Channel = "web"
	}
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			SELECT FROM contacts WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, ws, n.Contact); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `
			SELECT `+columns+` FROM conversations c
			WHERE c.workspace_id = $1 AND c.contact_id = $2 ORDER BY c.created_at DESC LIMIT 1`, ws, n.Contact).
			Scan(c.fields()...)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return tx.QueryRow(ctx, `
			INSERT INTO conversations AS c (workspace_id, id, contact_id, channel, lang, page_url)
			SELECT workspace_id, $2, id, $4, $5, $6 FROM contacts WHERE workspace_id = $1 AND id = $3
			RETURNING `+columns, ws, uuid.New(), n.Contact, n.Channel, n.Lang, n.PageURL).Scan(c.fields()...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Conversation{}, errs.New(errs.NotFound, "there is no such contact")
	}
	if err != nil {
		return Conversation{}, fmt.Errorf("start a conversation: %w", err)
	}
	return c, nil
}
