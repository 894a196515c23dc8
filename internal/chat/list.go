package chat

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// maxPreview is how much of a visitor's text a list shows, in characters.
const maxPreview = 140

// The pieces of a query for list: conversations c with their contacts p, and the visitor's last text or none.
const (
	listColumns = columns + `, c.sealed, p.sealed, coalesce(last.seq, 0), last.sealed`
	joinContact = `JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id `
	noPreview   = `CROSS JOIN (SELECT NULL::bigint AS seq, NULL::bytea AS sealed) last `
	withPreview = `LEFT JOIN LATERAL (
		SELECT m.seq, m.sealed FROM messages m
		WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id
		      AND m.sender_kind = 'visitor' AND m.kind = 'text'
		ORDER BY m.seq DESC LIMIT 1) last ON true `
)

// conversations runs a query for listColumns in a transaction of its own.
func (l *Log) conversations(ctx context.Context, ws uuid.UUID, sql string, args ...any) (list []Conversation, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		list, err = l.list(ctx, tx, ws, sql, args...)
		return err
	})
	return list, err
}

// listed is a conversation with what is sealed of it.
type listed struct {
	Conversation
	page, contact, last []byte
	lastSeq             int64
}

// list runs a query for listColumns and opens what is sealed.
func (l *Log) list(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string, args ...any) ([]Conversation, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r listed, err error) {
		return r, row.Scan(append(r.fields(), &r.page, &r.contact, &r.lastSeq, &r.last)...)
	})
	if err != nil {
		return nil, err
	}
	owners := make([]seal.Owner, len(found))
	for i, r := range found {
		owners[i] = seal.Owner{Workspace: ws, ID: r.Contact}
	}
	keys, err := l.db.Vault().Keys(ctx, tx, owners...)
	if err != nil {
		return nil, err
	}
	list := make([]Conversation, len(found))
	for i := range found {
		if err := found[i].reveal(keys[owners[i]]); err != nil {
			return nil, err
		}
		list[i] = found[i].Conversation
	}
	return list, nil
}

// reveal fills in page, name and preview. Of who was erased there is nothing to show.
func (r *listed) reveal(k *seal.Key) error {
	if k == nil || r.Erased {
		r.Erased = true
		return nil
	}
	page, err := k.Open(pagePlace(&r.Conversation), r.page)
	if err != nil {
		return err
	}
	contact, err := k.Open(contactPlace(r.Workspace, r.Contact), r.contact)
	if err != nil {
		return err
	}
	r.PageURL, r.ContactName = string(page[0]), string(contact[0])
	if r.lastSeq > 0 {
		last, err := k.Open(messagePlace(r.Workspace, r.Contact, r.ID, r.lastSeq), r.last)
		if err != nil {
			return err
		}
		r.Preview = clip(string(last[1]), maxPreview)
	}
	return nil
}

// clip is the start of s, at most n characters.
func clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

// Glance is what a list shows of a conversation.
type Glance struct {
	Contact uuid.UUID
	Name    string // of the contact
	Preview string // start of the visitor's latest text
}

// Glances returns what lists show of the conversations that exist, in the caller's transaction.
func (l *Log) Glances(ctx context.Context, tx pgx.Tx, ws uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]Glance, error) {
	list, err := l.list(ctx, tx, ws, `
		SELECT `+listColumns+` FROM conversations c `+joinContact+withPreview+`
		WHERE c.workspace_id = $1 AND c.id = ANY ($2)`, ws, ids)
	if err != nil {
		return nil, fmt.Errorf("read conversations at a glance: %w", err)
	}
	glances := make(map[uuid.UUID]Glance, len(list))
	for _, c := range list {
		glances[c.ID] = Glance{Contact: c.Contact, Name: c.ContactName, Preview: c.Preview}
	}
	return glances, nil
}
