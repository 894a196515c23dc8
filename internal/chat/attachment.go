package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat/media"
	"handrail/internal/errs"
)

// What a contact may upload within an hour. A person who sends pictures stays far below; a program that fills the
// database does not.
const (
	maxUploads     = 60
	maxUploadBytes = 200 << 20
)

// Attachment is a file that belongs to a conversation, or will: it is uploaded first and then sent as an entry of kind
// [KindFile]. Its bytes are read by [Log.ReadAttachment].
type Attachment struct {
	ID           uuid.UUID
	Contact      uuid.UUID // whose conversation it is for
	Conversation uuid.UUID // zero while a visitor who has none uploads
	Seq          int64     // of the entry that carries it, 0 until it is sent
	Sender       Sender    // without name
	Name         string    // safe to show and to save under
	media.Info
	Size   int64 // bytes
	SHA256 []byte
}

// Attach stores a file of size bytes for a conversation and returns it with id, type and cleaned name. Sender, Contact,
// Conversation and Name are taken from a; what the file is comes from its content. Errors: [errs.Unsupported] for a type
// that may not be sent, [errs.Invalid] for a broken file, [errs.RateLimited] when the visitor has sent too much within
// the hour.
func (l *Log) Attach(ctx context.Context, ws uuid.UUID, a Attachment, content io.ReaderAt, size int64) (Attachment, error) {
	info, err := media.Inspect(content, size)
	if err != nil {
		return Attachment{}, err
	}
	a.ID, a.Info, a.Size, a.Name = uuid.New(), info, size, media.Name(a.Name, info.Type)
	if a.SHA256, err = hashOf(io.NewSectionReader(content, 0, size)); err != nil {
		return Attachment{}, err
	}
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := withinQuota(ctx, tx, ws, a); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO attachments (workspace_id, id, contact_id, conversation_id, sender_kind, sender_id, name, media_type,
			                         size, width, height, sha256)
			VALUES ($1, $2, $3, nullif($4, '00000000-0000-0000-0000-000000000000'::uuid), $5, $6, $7, $8, $9, $10, $11, $12)`,
			ws, a.ID, a.Contact, a.Conversation, a.Sender.Kind, a.Sender.ID, a.Name, a.Type, a.Size, a.Width, a.Height, a.SHA256)
		if err != nil {
			return err
		}
		return writeBlob(ctx, tx, ws, a.ID, io.NewSectionReader(content, 0, size))
	})
	if err != nil {
		return Attachment{}, fmt.Errorf("store an attachment: %w", err)
	}
	return a, nil
}

// withinQuota refuses a visitor's file beyond what an hour allows. The lock makes uploads of one contact wait for each
// other, so that none slips past the count.
func withinQuota(ctx context.Context, tx pgx.Tx, ws uuid.UUID, a Attachment) error {
	if a.Sender.Kind != Visitor {
		return nil
	}
	var locked uuid.UUID
	err := tx.QueryRow(ctx, `
		SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, ws, a.Contact).Scan(&locked)
	if err != nil {
		return err
	}
	var files, bytes int64
	err = tx.QueryRow(ctx, `
		SELECT count(*), coalesce(sum(size), 0) FROM attachments
		WHERE workspace_id = $1 AND contact_id = $2 AND sender_kind = 'visitor' AND created_at > now() - interval '1 hour'`,
		ws, a.Contact).Scan(&files, &bytes)
	if err == nil && (files >= maxUploads || bytes+a.Size > maxUploadBytes) {
		return errs.New(errs.RateLimited, "you have sent many files within an hour: wait a while, then send this one again")
	}
	return err
}

// Attachment returns a file that can still be read, or an error of kind [errs.NotFound]. Who may see it is the caller's
// business.
func (l *Log) Attachment(ctx context.Context, ws, id uuid.UUID) (a Attachment, err error) {
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		a, err = findAttachment(ctx, tx, ws, id)
		return err
	})
	return a, err
}

func findAttachment(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) (Attachment, error) {
	a := Attachment{ID: id}
	err := tx.QueryRow(ctx, `
		SELECT contact_id, coalesce(conversation_id, '00000000-0000-0000-0000-000000000000'), coalesce(seq, 0), sender_kind,
		       sender_id, name, media_type, size, width, height, sha256
		FROM attachments WHERE workspace_id = $1 AND id = $2 AND NOT removed`, ws, id).
		Scan(&a.Contact, &a.Conversation, &a.Seq, &a.Sender.Kind, &a.Sender.ID, &a.Name, &a.Type, &a.Size, &a.Width,
			&a.Height, &a.SHA256)
	if errors.Is(err, pgx.ErrNoRows) {
		return Attachment{}, errs.New(errs.NotFound, "there is no file %s", id)
	}
	if err != nil {
		return Attachment{}, fmt.Errorf("read an attachment: %w", err)
	}
	return a, nil
}

// PruneAttachments removes the files that were uploaded longer ago than age and never sent, in all workspaces, and
// returns how many there were.
func (l *Log) PruneAttachments(ctx context.Context, age time.Duration) (removed int64, err error) {
	err = l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		// A file that is being sent at this moment is locked and stays.
		tag, err := tx.Exec(ctx, `
			DELETE FROM attachments WHERE (workspace_id, id) IN (
				SELECT workspace_id, id FROM attachments WHERE seq IS NULL AND created_at < now() - $1::interval
				LIMIT 1000 FOR UPDATE SKIP LOCKED)`, age)
		removed = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remove attachments that were never sent: %w", err)
	}
	return removed, nil
}
