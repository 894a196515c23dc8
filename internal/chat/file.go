package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// fileData is the data of an entry of kind [KindFile].
type fileData struct {
	Attachment uuid.UUID `json:"attachment"`
	Name       string    `json:"name"`
	MediaType  string    `json:"media_type"`
	Size       int64     `json:"size"`
	Width      int       `json:"width,omitempty"`
	Height     int       `json:"height,omitempty"`
}

// SendFile stores an entry that carries an uploaded file; Kind and Data of e are filled in, Body is the caption. It keeps
// the promises of [Log.Append]. A file of somebody else or for another contact's conversation is an error of kind
// [errs.NotFound], one that was sent already of kind [errs.Conflict].
func (l *Log) SendFile(ctx context.Context, ws, conversation, attachment uuid.UUID, e Entry) (Message, error) {
	e.Kind = KindFile
	if err := check(&e); err != nil {
		return Message{}, err
	}
	stored, err := l.Decide(ctx, ws, conversation, func(tx pgx.Tx, c *Conversation) ([]Entry, error) {
		if known, err := Appended(ctx, tx, c, e.Sender, e.ClientID); err != nil || known {
			return []Entry{e}, err // the stored entry is found again, or the conflict with it
		}
		if e.Epoch >= 0 && e.Epoch != c.Epoch {
			return nil, errs.New(errs.Conflict, "someone else has taken over this conversation")
		}
		a, err := claimFile(ctx, tx, c, attachment, e.Sender)
		if err != nil {
			return nil, err
		}
		e.Data, err = json.Marshal(fileData{a.ID, a.Name, a.Type, a.Size, a.Width, a.Height})
		return []Entry{e}, err
	})
	if err != nil {
		return Message{}, err
	}
	return stored[0], nil
}

// claimFile gives a file to the next entry of the locked conversation.
func claimFile(ctx context.Context, tx pgx.Tx, c *Conversation, id uuid.UUID, sender Sender) (Attachment, error) {
	a, err := findAttachment(ctx, tx, c.Workspace, id)
	switch {
	case err != nil:
		return Attachment{}, err
	case a.Sender != Sender{Kind: sender.Kind, ID: sender.ID}, a.Contact != c.Contact,
		a.Conversation != uuid.Nil && a.Conversation != c.ID:
		return Attachment{}, errs.New(errs.NotFound, "there is no file %s", id)
	}
	// The condition, and not the look before, decides between two conversations that send the same file.
	tag, err := tx.Exec(ctx, `
		UPDATE attachments SET conversation_id = $3, seq = $4 WHERE workspace_id = $1 AND id = $2 AND seq IS NULL`,
		c.Workspace, id, c.ID, c.LastSeq+1)
	if err != nil {
		return Attachment{}, fmt.Errorf("send an attachment: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return Attachment{}, errs.New(errs.Conflict, "this file was sent already: upload it again to send it once more")
	}
	return a, nil
}
