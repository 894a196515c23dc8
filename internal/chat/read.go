package chat

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// MaxRead is the most entries that one read returns.
const MaxRead = 200

// messageColumns are the columns of messages m that fields reads.
const messageColumns = `m.conversation_id, m.seq, m.client_id, m.sender_kind, m.sender_id, m.kind, m.sealed,
	m.epoch, m.at`

// openColumns are those by which a message that was read can be opened, of its conversation c.
const openColumns = `c.contact_id, c.erased_at IS NOT NULL`

// fields are the targets for messageColumns.
func (m *Message) fields() []any {
	return []any{&m.Conversation, &m.Seq, &m.ClientID, &m.Sender.Kind, &m.Sender.ID, &m.Kind, &m.sealed, &m.Epoch, &m.At}
}

// scanMessage reads messageColumns and openColumns.
func scanMessage(row pgx.CollectableRow) (m Message, err error) {
	err = row.Scan(append(m.fields(), &m.contact, &m.erased)...)
	return m, err
}

// Read returns the entries after the given number, in order and without gap, at most limit of them. A limit of 0 or
// above [MaxRead] means MaxRead. An unknown conversation has no entries.
func (l *Log) Read(
	ctx context.Context, ws, conversation uuid.UUID, after int64, limit int,
) (list []Message, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		list, err = l.ReadWithin(ctx, tx, ws, conversation, after, limit)
		return err
	})
	return list, err
}

// ReadLast returns the last n entries in order. The same limit applies as in [Log.Read].
func (l *Log) ReadLast(ctx context.Context, ws, conversation uuid.UUID, n int) ([]Message, error) {
	list, err := l.messages(ctx, ws, `
		SELECT `+messageColumns+`, `+openColumns+`
		FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
		WHERE m.workspace_id = $1 AND m.conversation_id = $2
		ORDER BY m.seq DESC LIMIT $3`, ws, conversation, atMost(n, MaxRead, MaxRead))
	slices.Reverse(list)
	return list, err
}

func (l *Log) messages(ctx context.Context, ws uuid.UUID, sql string, args ...any) (list []Message, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		list, err = l.messagesWithin(ctx, tx, ws, sql, args...)
		return err
	})
	return list, err
}

// messagesWithin reads and opens messages. sql selects messageColumns and openColumns.
func (l *Log) messagesWithin(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sql string, args ...any) ([]Message, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanMessage)
	if err == nil {
		err = open(ctx, tx, l.db.Vault(), ws, list)
	}
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return list, nil
}

// LastSeqs returns the number of the last entry of each conversation that exists. A node asks for all conversations
// it watches at once, to make up for hints that were lost.
func (l *Log) LastSeqs(ctx context.Context, ws uuid.UUID, conversations []uuid.UUID) (map[uuid.UUID]int64, error) {
	last := make(map[uuid.UUID]int64, len(conversations))
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, last_seq FROM conversations WHERE workspace_id = $1 AND id = ANY($2)`, ws, conversations)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var seq int64
		_, err = pgx.ForEachRow(rows, []any{&id, &seq}, func() error {
			last[id] = seq
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read last entries: %w", err)
	}
	return last, nil
}

// atMost returns n where it lies between 1 and limit, fallback where it is not positive, and limit otherwise.
func atMost(n, fallback, limit int) int {
	if n <= 0 {
		return fallback
	}
	return min(n, limit)
}
