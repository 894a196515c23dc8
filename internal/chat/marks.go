package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ReadMarks says how far each side of a conversation has read, by seq; 0 = nothing yet.
type ReadMarks struct{ Visitor, Staff int64 }

// Mark is a conversation's marks as they are to be stored.
type Mark struct {
	Workspace, Conversation uuid.UUID
	ReadMarks               // a side that is 0 stays as it is
}

// ReadMarks returns how far each side has read.
func (l *Log) ReadMarks(ctx context.Context, ws, conversation uuid.UUID) (m ReadMarks, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT visitor, staff FROM read_marks WHERE workspace_id = $1 AND conversation_id = $2`, ws, conversation).
			Scan(&m.Visitor, &m.Staff)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return ReadMarks{}, nil
	}
	if err != nil {
		return ReadMarks{}, fmt.Errorf("read marks: %w", err)
	}
	return m, nil
}

// SetReadMarks stores marks of any number of conversations at once. A mark never goes back and never beyond the last
// entry; one of an unknown conversation is ignored.
func (l *Log) SetReadMarks(ctx context.Context, marks []Mark) error {
	var workspaces, ids uuids
	visitor, staff := make([]int64, len(marks)), make([]int64, len(marks))
	for i, m := range marks {
		workspaces.add(m.Workspace)
		ids.add(m.Conversation)
		visitor[i], staff[i] = m.Visitor, m.Staff
	}
	err := l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		// In the order of ids, so that two nodes cannot wait for each other.
		_, err := tx.Exec(ctx, `
			INSERT INTO read_marks AS r (workspace_id, conversation_id, visitor, staff)
			SELECT c.workspace_id, c.id, least(n.visitor, c.last_seq), least(n.staff, c.last_seq)
			FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS n (workspace_id, id, visitor, staff)
			JOIN conversations c USING (workspace_id, id)
			ORDER BY c.workspace_id, c.id
			ON CONFLICT (workspace_id, conversation_id) DO UPDATE
			SET visitor = greatest(r.visitor, excluded.visitor), staff = greatest(r.staff, excluded.staff)`,
			workspaces, ids, visitor, staff)
		return err
	})
	if err != nil {
		return fmt.Errorf("store read marks: %w", err)
	}
	return nil
}
