package evals

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/intent"
	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/seal"
)

// historyMessages is how many messages before the end of a turn the bot looks at, and therefore a case as well.
const historyMessages = 20

// cited is what a reply and the record of its turn say of a passage. The source stands in the record alone, because
// visitors do not see it.
type cited struct {
	Title   string `json:"title"`
	Heading string `json:"heading"`
	URL     string `json:"url"`
	Source  string `json:"source"`
}

// caseOfTurn fills a case in from the bot's turn about the visitor's message seq.
func (s *Store) caseOfTurn(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID, seq int64) (StoredCase, error) {
	c := StoredCase{Conversation: &conversation, Seq: seq, Facts: [][]string{}}
	var reason string
	turn, reply := &seal.Row{}, &chat.Stored{Conversation: conversation}
	err := tx.QueryRow(ctx, `
		SELECT t.decision, t.reason, t.lang, t.sealed, c.contact_id, coalesce(m.seq, 0), m.sealed
		FROM turns t
		JOIN conversations c ON c.workspace_id = t.workspace_id AND c.id = t.conversation_id AND c.erased_at IS NULL
		LEFT JOIN LATERAL (
			SELECT m.seq, m.sealed FROM messages m
			WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.seq > $3 AND m.sender_kind = 'bot' AND m.kind = 'text'
			ORDER BY m.seq LIMIT 1) m ON true
		WHERE t.workspace_id = $1 AND t.conversation_id = $2 AND t.seq = $3`,
		ws, conversation, seq).Scan(&c.Decision, &reason, &c.Lang, &turn.Sealed, &reply.Contact, &reply.Seq, &reply.Sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return StoredCase{}, errs.New(errs.NotFound, "the bot has no turn %d in conversation %s", seq, conversation)
	}
	if err != nil {
		return StoredCase{}, err
	}
	c.contact = &reply.Contact
	c.Sources = []string{}
	if c.Decision == bot.Answer {
		turn.Place = bot.TurnPlace(ws, reply.Contact, conversation, seq)
		if c.Sources, err = openSources(ctx, tx, s.c.DB.Vault(), ws, turn, reply); err != nil {
			return StoredCase{}, err
		}
	}
	c.Tags = tagsOf(c, reason)
	c.Question, c.History, err = s.asked(ctx, tx, ws, reply.Contact, conversation, seq)
	return c, err
}

// openSources opens a turn and its reply and returns the sources that the reply cites; never nil.
func openSources(
	ctx context.Context, tx pgx.Tx, v *seal.Vault, ws uuid.UUID, turn *seal.Row, reply *chat.Stored,
) ([]string, error) {
	if err := v.Open(ctx, tx, turn); err != nil {
		return nil, err
	}
	if err := chat.OpenStored(ctx, tx, v, ws, reply); err != nil {
		return nil, err
	}
	var found []cited
	if err := json.Unmarshal(turn.Bytes(1), &found); err != nil {
		return nil, err
	}
	if reply.Data == nil {
		return []string{}, nil
	}
	return citedSources(reply.Data, found)
}

// citedSources are the sources of the passages that the reply cites, in the order of its marks.
func citedSources(data []byte, found []cited) ([]string, error) {
	var reply struct {
		Citations []cited `json:"citations"`
	}
	if err := json.Unmarshal(data, &reply); err != nil {
		return nil, err
	}
	out := []string{}
	for _, c := range reply.Citations {
		i := slices.IndexFunc(found, func(f cited) bool { return f.Title == c.Title && f.Heading == c.Heading && f.URL == c.URL })
		if i >= 0 && !slices.Contains(out, found[i].Source) {
			out = append(out, found[i].Source)
		}
	}
	return out, nil
}

// tagsOf are the tags by which [Report.Metrics] tell kinds of cases apart.
func tagsOf(c StoredCase, reason string) []string {
	tags := []string{"conversation"}
	switch {
	case len(c.Sources) > 0:
		tags = append(tags, "answerable")
	case slices.Contains([]string{bot.ReasonLowConfidence, bot.ReasonNoAnswer, bot.ReasonOutOfScope}, reason):
		tags = append(tags, "unanswerable")
	}
	return tags
}

// asked reads the question of a turn and what the visitor had said before, masked. As for the bot, messages in a row are
// one, and what was settled before the conversation was closed is no part of the question.
func (s *Store) asked(
	ctx context.Context, tx pgx.Tx, ws, contact, conversation uuid.UUID, seq int64,
) (question string, history []string, err error) {
	rows, err := tx.Query(ctx, `
		SELECT sender_kind = 'visitor' AND kind = 'text', seq, sealed FROM messages
		WHERE workspace_id = $1 AND conversation_id = $2 AND seq <= $3 AND seq > $3 - $4 AND kind IN ('text', 'closed')
		ORDER BY seq`, ws, conversation, seq, historyMessages)
	if err != nil {
		return "", nil, err
	}
	var asks []bool
	said, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*chat.Stored, error) {
		var visitor bool
		m := &chat.Stored{Conversation: conversation, Contact: contact}
		err := row.Scan(&visitor, &m.Seq, &m.Sealed)
		asks = append(asks, visitor)
		return m, err
	})
	if err != nil {
		return "", nil, err
	}
	if err := chat.OpenStored(ctx, tx, s.c.DB.Vault(), ws, said...); err != nil {
		return "", nil, err
	}
	history = []string{}
	var row []string
	for i, m := range said {
		switch {
		case asks[i]:
			row = append(row, m.Body)
		case len(row) > 0:
			history, row = append(history, presentable(row)), nil
		}
	}
	return presentable(row), history, nil
}

// presentable is what a visitor said, as a case keeps it.
func presentable(messages []string) string {
	return clipped(intent.Mask(strings.Join(messages, "\n")), maxCaseText)
}
