package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/seal"
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
	Workspace    uuid.UUID
	Contact      Contact
	Conversation uuid.UUID // the one started last; zero if there is none
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
			SELECT k.n, c.workspace_id, coalesce(latest.id, '00000000-0000-0000-0000-000000000000'), `+contactColumns+`
			FROM unnest($1::bytea[]) WITH ORDINALITY AS k (hash, n)
			CROSS JOIN LATERAL (
				SELECT workspace_id, id FROM contacts WHERE token_hash = k.hash
				UNION ALL SELECT workspace_id, contact_id FROM contact_tokens WHERE token_hash = k.hash LIMIT 1) p
			CROSS JOIN LATERAL (
				SELECT * FROM contacts c WHERE c.workspace_id = p.workspace_id AND c.id = p.id LIMIT 1) c
			LEFT JOIN LATERAL (
				SELECT s.id FROM conversations s
				WHERE s.workspace_id = c.workspace_id AND s.contact_id = c.id
				ORDER BY s.created_at DESC LIMIT 1) latest ON true`, asked)
		if err != nil {
			return err
		}
		visits, sealed, err := scanVisits(rows, found)
		if err != nil {
			return err
		}
		return l.revealVisits(ctx, tx, visits, sealed)
	})
	return found, err
}

// scanVisits fills found, and returns what it filled with what is sealed of each.
func scanVisits(rows pgx.Rows, found []*Visit) (visits []*Visit, sealed []*seal.Row, err error) {
	defer rows.Close()
	for rows.Next() {
		var n int
		v, row := &Visit{}, &seal.Row{}
		if err := rows.Scan(append([]any{&n, &v.Workspace, &v.Conversation}, v.Contact.fields(&row.Sealed)...)...); err != nil {
			return nil, nil, err
		}
		row.Place = contactPlace(v.Workspace, v.Contact.ID)
		found[n-1], visits, sealed = v, append(visits, v), append(sealed, row)
	}
	return visits, sealed, rows.Err()
}

func (l *Log) revealVisits(ctx context.Context, tx pgx.Tx, visits []*Visit, sealed []*seal.Row) error {
	if err := l.db.Vault().Open(ctx, tx, sealed...); err != nil {
		return err
	}
	for i, v := range visits {
		v.Contact.unpack(sealed[i])
	}
	return nil
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
		defer rows.Close()
		for rows.Next() {
			c := &Conversation{}
			if err := rows.Scan(c.fields()...); err != nil {
				return err
			}
			found[key{c.Workspace, c.ID}] = c
		}
		return rows.Err()
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
			SELECT k.n, `+messageColumns+`, `+openColumns+`
			FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS k (workspace_id, id, after, n)
			JOIN conversations c ON c.workspace_id = k.workspace_id AND c.id = k.id
			CROSS JOIN LATERAL (
				SELECT * FROM messages m
				WHERE m.workspace_id = k.workspace_id AND m.conversation_id = k.id AND m.seq > k.after
				ORDER BY m.seq LIMIT $4) m
			ORDER BY k.n, m.seq`, workspaces, ids, after, atMost(limit, MaxRead, MaxRead))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			var m Message
			if err := rows.Scan(append(append([]any{&n}, m.fields()...), &m.contact, &m.erased)...); err != nil {
				return err
			}
			found[n-1] = append(found[n-1], m)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return l.openMany(ctx, tx, cursors, found)
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return found, nil
}

// openMany opens what was found for each cursor, with one look-up of keys for all.
func (l *Log) openMany(ctx context.Context, tx pgx.Tx, cursors []Cursor, found [][]Message) error {
	var owners []seal.Owner
	for i, list := range found {
		for _, m := range list[:min(1, len(list))] { // all of a conversation have one owner
			owners = append(owners, seal.Owner{Workspace: cursors[i].Workspace, ID: m.contact})
		}
	}
	keys, err := l.db.Vault().Keys(ctx, tx, owners...)
	if err != nil {
		return err
	}
	for i, list := range found {
		ws := cursors[i].Workspace
		for j := range list {
			if err := list[j].open(keys[seal.Owner{Workspace: ws, ID: list[j].contact}], ws, list[j].contact); err != nil {
				return err
			}
		}
	}
	return nil
}
