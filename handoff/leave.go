package handoff

import (
	"context"
	"encoding/json"
	"net/mail"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// LeaveMessage stores that a visitor who waits would rather be answered later, with the address under which they can be
// reached and what they still have to say. The conversation keeps its place in the queue and is answered like any other.
// It returns the number of the entry; the same clientID again gives the same. Errors are of kind errs.Invalid for an unusable address, errs.NotFound for a
// conversation that is not the contact's, errs.Conflict when it does not wait.
func (d *Desk) LeaveMessage(ctx context.Context, ws, conversation uuid.UUID, from chat.Sender, email, body string,
	clientID uuid.UUID) (seq int64, err error) {
	address, err := mail.ParseAddress(strings.TrimSpace(email))
	if err != nil || address.Name != "" || len(address.Address) > 254 {
		return 0, errs.New(errs.Invalid, "this is not an e-mail address: write it like name@example.com")
	}
	if clientID == uuid.Nil {
		return 0, errs.New(errs.Invalid, "the message has no client_id: choose a UUID and keep it over retries")
	}
	data, err := json.Marshal(map[string]string{"email": address.Address})
	if err != nil {
		return 0, err
	}
	stored, err := d.log.Decide(ctx, ws, conversation, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.Contact.String() != from.ID {
			return nil, errs.New(errs.NotFound, "there is no such conversation")
		}
		again, err := chat.Appended(ctx, tx, c, from, clientID)
		if err != nil {
			return nil, err
		}
		if c.State != chat.StateQueued && !again {
			return nil, errs.New(errs.Conflict, "this conversation does not wait for a person: send an ordinary message")
		}
		return []chat.Entry{{ClientID: clientID, Sender: from, Kind: chat.KindLeftMessage, Body: body, Data: data}}, nil
	})
	if err != nil {
		return 0, err
	}
	return stored[0].Seq, nil
}
