package handoff

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// maxComment is the longest comment on a rating, in characters.
const maxComment = 2000

// Rate stores the visitor's satisfaction with a closed conversation, from 1 (bad) to 5 (good), once per close. The same
// clientID again is no error. Errors are of kind errs.Invalid for an unusable score or comment, errs.NotFound for a
// conversation that is not the contact's, errs.Conflict when it is not closed or rated already.
func (d *Desk) Rate(
	ctx context.Context, ws, conversation, contact uuid.UUID, score int, comment string, clientID uuid.UUID,
) error {
	entry, err := rating(contact, score, comment, clientID)
	if err != nil {
		return err
	}
	_, err = d.log.Decide(ctx, ws, conversation, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.Contact != contact {
			return nil, errs.New(errs.NotFound, "there is no such conversation")
		}
		if done, err := chat.Appended(ctx, tx, c, entry.Sender, clientID); done || err != nil {
			return nil, err
		}
		if c.State != chat.StateClosed {
			return nil, errs.New(errs.Conflict, "a conversation can be rated once it is closed")
		}
		if c.CSAT != 0 {
			return nil, errs.New(errs.Conflict, "this conversation has been rated already")
		}
		c.CSAT = score
		return []chat.Entry{entry}, nil
	})
	return err
}

// rating is the entry of a rating.
func rating(contact uuid.UUID, score int, comment string, clientID uuid.UUID) (chat.Entry, error) {
	switch {
	case clientID == uuid.Nil:
		return chat.Entry{}, errs.New(errs.Invalid, "the rating has no client_id: choose a UUID and keep it over retries")
	case score < 1 || score > 5:
		return chat.Entry{}, errs.New(errs.Invalid, "the score is %d: it must be from 1 to 5", score)
	case !utf8.ValidString(comment) || strings.ContainsRune(comment, 0):
		return chat.Entry{}, errs.New(errs.Invalid, "the comment contains characters that cannot be stored")
	case utf8.RuneCountInString(comment) > maxComment:
		return chat.Entry{}, errs.New(errs.Invalid, "the comment is too long: at most %d characters are allowed", maxComment)
	}
	data, err := json.Marshal(map[string]any{"score": score, "comment": comment})
	return chat.Entry{ClientID: clientID, Sender: chat.Sender{Kind: chat.Visitor, ID: contact.String()},
		Kind: chat.KindCSAT, Data: data}, err
}
