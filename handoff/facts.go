package handoff

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
	"handrail/internal/chat"
)

// recentEntries is how far back the visitor's words are looked for that rules see: as far as the bot looks.
const recentEntries = 20

// facts are what rules may ask about a conversation that is handed off.
func (d *Desk) facts(
	ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff, at time.Time,
) (routing.Facts, error) {
	contact, err := d.log.ContactWithin(ctx, tx, c.Workspace, c.Contact)
	if err != nil {
		return routing.Facts{}, err
	}
	// A handoff of the past is looked at as it was: without what came later.
	last := c.LastSeq
	if h.TurnSeq > 0 {
		last = min(last, h.TurnSeq)
	}
	entries, err := d.log.ReadWithin(ctx, tx, c.Workspace, c.ID, max(last-recentEntries, 0), recentEntries)
	if err != nil {
		return routing.Facts{}, err
	}
	f := routing.Facts{Channel: c.Channel, Page: c.PageURL, Language: h.Lang, Intent: h.Intent,
		Entities: entitiesOf(h.Entities), Sentiment: sentimentOf(h.Reason), Reason: h.Reason, Confidence: h.Confidence,
		Text: words(chat.Fold(entries, entries), last), Messages: int(last), Time: at}
	if f.Language == "" {
		f.Language = c.Lang
	}
	addContact(&f, contact)
	return f, nil
}

// words are the visitor's texts up to an entry, the oldest first. All of the recent ones count: who says what they want
// and then asks for a person is to be understood by the first.
func words(entries []chat.Message, last int64) string {
	var texts []string
	for _, m := range entries {
		if m.Sender.Kind == chat.Visitor && m.Kind == chat.KindText && m.Seq <= last {
			texts = append(texts, m.Body)
		}
	}
	return strings.Join(texts, "\n")
}

// sentimentOf reads the visitor's mood from why the bot handed off.
func sentimentOf(reason string) string {
	switch reason {
	case "anger":
		return "angry"
	case "frustrated", "repeated":
		return "dissatisfied"
	}
	return "neutral"
}

// entitiesOf reads what the bot found. Other forms than its own are none.
func entitiesOf(raw json.RawMessage) (list []routing.Entity) {
	var found []struct{ Kind, Value string }
	if json.Unmarshal(raw, &found) != nil {
		return nil
	}
	for _, e := range found {
		list = append(list, routing.Entity{Kind: e.Kind, Value: e.Value})
	}
	return list
}

// addContact adds what is known of the person. The site's attributes cannot take the place of name and e-mail.
func addContact(f *routing.Facts, c chat.Contact) {
	f.Attributes, f.Verified = map[string]any{}, c.Verified
	if err := json.Unmarshal(c.Attributes, &f.Attributes); err != nil || f.Attributes == nil {
		f.Attributes = map[string]any{}
	}
	f.Attributes["name"], f.Attributes["email"], f.Attributes["phone"] = c.Name, c.Email, c.Phone
	if zone, err := time.LoadLocation(c.Timezone); err == nil {
		f.Time = f.Time.In(zone)
	}
}
