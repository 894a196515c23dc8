package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
)

// Export is everything that conversations hold of a contact.
type Export struct {
	Contact       Contact
	Conversations []ExportedConversation // the oldest first
}

// ExportedConversation is a conversation with all of its entries but the notes that staff wrote to each other.
type ExportedConversation struct {
	Conversation
	Messages []Message
}

// ExportContact returns what is stored of a contact, and records who asked for it. An unknown contact is an error of kind
// errs.NotFound.
func (l *Log) ExportContact(ctx context.Context, ws, contact uuid.UUID, actor string) (x Export, err error) {
	if x.Contact, err = l.Contact(ctx, ws, contact); err != nil {
		return Export{}, err
	}
	err = l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		list, err := l.list(ctx, tx, ws, `
			SELECT `+listColumns+` FROM conversations c `+joinContact+noPreview+`
			WHERE c.workspace_id = $1 AND c.contact_id = $2 ORDER BY c.created_at, c.id`, ws, contact)
		if err != nil {
			return err
		}
		for _, c := range list {
			messages, err := l.messagesWithin(ctx, tx, ws, `
				SELECT `+messageColumns+`, `+openColumns+`
				FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
				WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.kind <> 'note' ORDER BY m.seq`, ws, c.ID)
			if err != nil {
				return err
			}
			x.Conversations = append(x.Conversations, ExportedConversation{c, messages})
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "contact.export", Target: "contact:" + contact.String()})
	})
	if err != nil {
		return Export{}, fmt.Errorf("export contact %s: %w", contact, err)
	}
	return x, nil
}

// ConversationsOf lists the conversations of a contact, the latest started first, at most 500.
func (l *Log) ConversationsOf(ctx context.Context, ws, contact uuid.UUID) ([]Conversation, error) {
	list, err := l.conversations(ctx, ws, `
		SELECT `+listColumns+` FROM conversations c `+joinContact+withPreview+`
		WHERE c.workspace_id = $1 AND c.contact_id = $2 ORDER BY c.created_at DESC, c.id LIMIT 500`, ws, contact)
	if err != nil {
		return nil, fmt.Errorf("list the conversations of a contact: %w", err)
	}
	return list, nil
}
