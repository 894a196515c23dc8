package chat

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// pieceSize is how much of a file stands in one row: the most that a node holds of it in memory.
const pieceSize = 256 << 10

// writeBlob stores the bytes of an attachment. They stand in the database and not in a folder, because every node must
// be able to serve them.
func writeBlob(ctx context.Context, tx pgx.Tx, ws, attachment uuid.UUID, content io.Reader) error {
	chunk := make([]byte, pieceSize)
	for n := 0; ; n++ {
		size, err := io.ReadFull(content, chunk)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("read an upload: %w", err)
		}
		_, err = tx.Exec(ctx, `INSERT INTO blobs (workspace_id, attachment_id, n, chunk) VALUES ($1, $2, $3, $4)`,
			ws, attachment, n, chunk[:size])
		if err != nil {
			return err
		}
	}
}

// ReadAttachment writes the bytes of an attachment to w. Every piece is a transaction of its own, so that somebody with
// a slow connection keeps none of the database's.
func (l *Log) ReadAttachment(ctx context.Context, ws uuid.UUID, a Attachment, w io.Writer) error {
	for n := 0; int64(n)*pieceSize < a.Size; n++ {
		var chunk []byte
		err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `
				SELECT chunk FROM blobs WHERE workspace_id = $1 AND attachment_id = $2 AND n = $3`, ws, a.ID, n).Scan(&chunk)
		})
		if err != nil {
			return fmt.Errorf("read piece %d of an attachment: %w", n, err)
		}
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("send piece %d of an attachment: %w", n, err)
		}
	}
	return nil
}

// dropBlob removes the bytes of what its sender took back.
func dropBlob(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID, seq int64) error {
	_, err := tx.Exec(ctx, `
		WITH a AS (
			UPDATE attachments SET removed = true WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3
			RETURNING workspace_id, id)
		DELETE FROM blobs b USING a WHERE b.workspace_id = a.workspace_id AND b.attachment_id = a.id`, ws, conversation, seq)
	if err != nil {
		return fmt.Errorf("remove an attachment: %w", err)
	}
	return nil
}

func hashOf(r io.Reader) ([]byte, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	return h.Sum(nil), nil
}
