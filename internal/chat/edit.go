package chat

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

// EditTime is how long the author of an entry may change it, by the database's clock.
const EditTime = 15 * time.Minute

// Edit is a new text for an earlier entry, or its removal.
type Edit struct {
	ClientID uuid.UUID // chosen by the sender and kept over retries
	Sender   Sender    // must be the author of the entry
	Seq      int64     // of the entry
	Body     string    // the new text, "" for a removal
	Removed  bool      // texts and files can be removed, texts changed
	Epoch    int       // as in [Entry]
}

// editData is the data of an entry of kind [KindEdit].
type editData struct {
	Seq     int64 `json:"seq"`
	Removed bool  `json:"removed,omitempty"`
}

// Edit stores an entry of kind [KindEdit] and returns it. It keeps the promises of [Log.Append]: the same edit sent again
// is found again, also when its time is over. A visitor's edit of a message that the bot has not answered yet makes it
// answer the new text, or nothing if nothing is left. Errors: [errs.NotFound] for an entry that does not exist,
// [errs.Forbidden] for somebody else's, [errs.Conflict] when it cannot be changed any more, [errs.Invalid] for an
// unusable text.
func (l *Log) Edit(ctx context.Context, ws, conversation uuid.UUID, e Edit) (Message, error) {
	entry, err := e.entry()
	if err != nil {
		return Message{}, err
	}
	stored, err := l.Decide(ctx, ws, conversation, func(tx pgx.Tx, c *Conversation) ([]Entry, error) {
		if known, err := Appended(ctx, tx, c, e.Sender, e.ClientID); err != nil || known {
			return []Entry{entry}, err
		}
		if e.Epoch >= 0 && e.Epoch != c.Epoch {
			return nil, errs.New(errs.Conflict, "someone else has taken over this conversation")
		}
		if err := e.allowed(ctx, tx, c); err != nil {
			return nil, err
		}
		if err := l.recordEdit(ctx, tx, c, e); err != nil {
			return nil, err
		}
		return []Entry{entry}, nil
	})
	if err != nil {
		return Message{}, err
	}
	var d editData
	if json.Unmarshal(stored[0].Data, &d) == nil && d != (editData{e.Seq, e.Removed}) {
		return Message{}, errs.New(errs.Conflict, "this client_id was used for another edit: choose a new one")
	}
	return stored[0], nil
}

func (e Edit) entry() (Entry, error) {
	data, _ := json.Marshal(editData{e.Seq, e.Removed}) // numbers and booleans always encode
	entry := Entry{ClientID: e.ClientID, Sender: e.Sender, Kind: KindText, Body: e.Body, Data: data}
	if e.Removed {
		entry.Kind = KindEdit
		if e.Body != "" {
			return Entry{}, errs.New(errs.Invalid, "a removed message has no text: leave the body empty")
		}
	}
	if err := check(&entry); err != nil { // an edited text is held to the rules of a text
		return Entry{}, err
	}
	entry.Kind = KindEdit
	return entry, nil
}

// allowed looks at the entry that is to be changed, under the conversation's lock.
func (e Edit) allowed(ctx context.Context, tx pgx.Tx, c *Conversation) error {
	var author Sender
	var kind Kind
	var late, removed bool
	err := tx.QueryRow(ctx, `
		SELECT m.sender_kind, m.sender_id, m.kind, m.at < clock_timestamp() - $4::interval, coalesce(x.removed, false)
		FROM messages m LEFT JOIN edits x USING (workspace_id, conversation_id, seq)
		WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.seq = $3`, c.Workspace, c.ID, e.Seq, EditTime).
		Scan(&author.Kind, &author.ID, &kind, &late, &removed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.New(errs.NotFound, "there is no message %d in this conversation", e.Seq)
	case err != nil:
		return fmt.Errorf("read the message to edit: %w", err)
	case author != Sender{Kind: e.Sender.Kind, ID: e.Sender.ID}:
		return errs.New(errs.Forbidden, "message %d is somebody else's: only its author may change it", e.Seq)
	case kind != KindText && (kind != KindFile || !e.Removed):
		return errs.New(errs.Conflict, "entry %d is no text: it cannot be changed", e.Seq)
	case removed:
		return errs.New(errs.Conflict, "message %d was removed: send a new one", e.Seq)
	case late:
		return errs.New(errs.Conflict, "message %d is older than %d minutes: send a new one", e.Seq, EditTime/time.Minute)
	}
	return nil
}

// recordEdit notes where the new text stands, and makes the bot start over if it has not answered yet.
func (l *Log) recordEdit(ctx context.Context, tx pgx.Tx, c *Conversation, e Edit) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO edits (workspace_id, conversation_id, seq, edit_seq, removed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace_id, conversation_id, seq) DO UPDATE
		SET edit_seq = excluded.edit_seq, removed = excluded.removed`, c.Workspace, c.ID, e.Seq, c.LastSeq+1, e.Removed)
	if err != nil {
		return fmt.Errorf("record an edit: %w", err)
	}
	if e.Removed {
		if err := dropBlob(ctx, tx, c.Workspace, c.ID, e.Seq); err != nil {
			return err
		}
	}
	if c.TurnDue == 0 || e.Sender.Kind != Visitor {
		return nil
	}
	// Whoever works on the turn has the old text; the new epoch refuses what they write. The turn keeps its number.
	c.Epoch++
	left, err := l.Unanswered(ctx, tx, c, c.TurnDue)
	if err != nil {
		return err
	}
	c.TurnDue = left
	return nil
}

// Unanswered returns the number of the visitor's latest message, upto at most, that awaits the bot and was not removed, 0
// for none. It reads back to the last words of the other side, or to where the conversation was closed. A file without
// words says nothing to the bot. It joins the transaction that has the conversation locked.
func (l *Log) Unanswered(ctx context.Context, tx pgx.Tx, c *Conversation, upto int64) (int64, error) {
	waiting, err := l.messagesWithin(ctx, tx, c.Workspace, `
		SELECT `+messageColumns+`, `+openColumns+`
		FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
		LEFT JOIN edits x ON x.workspace_id = m.workspace_id AND x.conversation_id = m.conversation_id AND x.seq = m.seq
		WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.seq <= $3 AND m.sender_kind = 'visitor'
		      AND m.kind IN ('text', 'file') AND NOT coalesce(x.removed, false)
		      AND m.seq > (
		          SELECT coalesce(max(o.seq), 0) FROM messages o
		          WHERE o.workspace_id = $1 AND o.conversation_id = $2
		                AND (o.kind = 'closed' OR o.kind IN ('text', 'file') AND o.sender_kind <> 'visitor'))
		ORDER BY m.seq DESC`, c.Workspace, c.ID, upto)
	if err != nil {
		return 0, fmt.Errorf("look for what is unanswered: %w", err)
	}
	for _, m := range waiting {
		if m.Body != "" {
			return m.Seq, nil
		}
	}
	return 0, nil
}
