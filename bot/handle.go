package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/text"
	"handrail/knowledge"
)

// historyRead is how many messages before the turn are looked at.
const historyRead = 20

// Handle answers a leased turn of a live conversation. An error of kind [errs.Conflict] means that the turn was
// overtaken and there is nothing left to do; any other error leaves the turn due, for this node or another to retry.
func (b *Bot) Handle(ctx context.Context, turn chat.Turn) error {
	t, err := b.load(ctx, turn)
	if err != nil {
		return err
	}
	r, err := b.Respond(ctx, t)
	if err != nil {
		return err
	}
	_, err = b.c.Log.FinishTurn(ctx, turn, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		return b.conclude(ctx, tx, c, turn, r)
	})
	return err
}

// CallPerson queues a conversation for a person because its visitor pressed the button. It is no error if a person is
// on the way already. A closed conversation is reopened first.
func (b *Bot) CallPerson(ctx context.Context, workspace, conversation uuid.UUID) error {
	_, err := b.c.Log.Decide(ctx, workspace, conversation, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.State == chat.StateClosed {
			c.State = chat.StateBot
			c.Epoch++
		}
		return nil, nil
	})
	if err != nil {
		return err
	}
	said, err := b.said(ctx, workspace, conversation)
	if err != nil {
		return err
	}
	_, err = b.c.Log.Decide(ctx, workspace, conversation, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.State != chat.StateBot {
			return nil, nil
		}
		h := chat.Handoff{Reason: ReasonAskedForPerson, Lang: c.Lang, TurnSeq: c.TurnDue, Summary: summary(said)}
		c.TurnDue = 0 // the person answers what the bot has not
		if err := b.c.Desk.Enqueue(ctx, tx, c, h); err != nil {
			return nil, err
		}
		return []chat.Entry{chat.HandoffEntry(h.Reason)}, nil
	})
	return err
}

// said returns the visitor's latest messages as a turn, for the summary that the agent reads.
func (b *Bot) said(ctx context.Context, workspace, conversation uuid.UUID) (Turn, error) {
	messages, err := b.c.Log.ReadLast(ctx, workspace, conversation, historyRead)
	if err != nil {
		return Turn{}, err
	}
	if messages, err = b.c.Log.Folded(ctx, workspace, conversation, messages); err != nil {
		return Turn{}, err
	}
	var t Turn
	for _, m := range messages {
		if m.Sender.Kind != chat.Visitor || !hasWords(m) {
			continue
		}
		if t.Text != "" {
			t.History = append(t.History, Utterance{FromVisitor: true, Text: t.Text})
		}
		t.Text = m.Body
	}
	return t, nil
}

// HandOver gives up on a turn that keeps failing and queues it for a person.
func (b *Bot) HandOver(ctx context.Context, turn chat.Turn) error {
	t, err := b.load(ctx, turn)
	if err != nil {
		return err
	}
	r := Reply{Lang: text.Detect(t.Text, cmpOr(t.Lang, "en")), Threshold: b.c.Settings.Threshold,
		Entities: b.c.Classifier.Entities(ctx, t.Workspace, t.Text), Summary: summary(t)}
	b.handOff(&r, ReasonModelFailure)
	_, err = b.c.Log.FinishTurn(ctx, turn, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		return b.conclude(ctx, tx, c, turn, r)
	})
	return err
}

// load reads the visitor's unanswered messages and what came before them. Messages sent in quick succession are one
// question.
func (b *Bot) load(ctx context.Context, turn chat.Turn) (Turn, error) {
	c, err := b.c.Log.Conversation(ctx, turn.Workspace, turn.Conversation)
	if err != nil {
		return Turn{}, err
	}
	after := max(0, turn.Seq-historyRead)
	messages, err := b.c.Log.Read(ctx, turn.Workspace, turn.Conversation, after, int(turn.Seq-after))
	if err != nil {
		return Turn{}, err
	}
	if messages, err = b.c.Log.Folded(ctx, turn.Workspace, turn.Conversation, messages); err != nil {
		return Turn{}, err
	}
	t := Turn{Workspace: turn.Workspace, Lang: c.Lang}
	if b.c.Stream != nil {
		t.Stream = func(offset int, s string) { b.c.Stream(turn.Conversation, turn.Seq, offset, s) }
	}
	var asked []string
	for _, m := range messages {
		switch {
		case m.Kind == chat.KindClosed:
			// What was said to the agent is settled; it is no part of the next question.
			t.History = appendVisitor(t.History, asked)
			asked = nil
		case !hasWords(m):
		case m.Sender.Kind == chat.Visitor:
			asked = append(asked, m.Body)
		default:
			t.History = appendVisitor(t.History, asked)
			asked = nil
			t.History = append(t.History, utterance(m))
		}
	}
	t.Text = strings.Join(asked, "\n")
	if t.Text == "" {
		return Turn{}, b.drop(ctx, turn)
	}
	return t, nil
}

// drop ends a turn in which nothing is left to answer, because it was answered, settled or taken back, and says so.
// Otherwise it would be claimed again for ever.
func (b *Bot) drop(ctx context.Context, turn chat.Turn) error {
	_, err := b.c.Log.Decide(ctx, turn.Workspace, turn.Conversation, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.TurnDue == turn.Seq && c.Epoch == turn.Epoch {
			c.TurnDue = 0
		}
		return nil, nil
	})
	if err != nil {
		return err
	}
	return errs.New(errs.Conflict, "the message has been answered already")
}

// hasWords tells what was said from what happened. Of a file it is the words that came with it; the bot does not look
// inside.
func hasWords(m chat.Message) bool {
	return m.Kind == chat.KindText || m.Kind == chat.KindFile && m.Body != ""
}

func appendVisitor(history []Utterance, asked []string) []Utterance {
	if len(asked) == 0 {
		return history
	}
	return append(history, Utterance{FromVisitor: true, Text: strings.Join(asked, "\n")})
}

func utterance(m chat.Message) Utterance {
	u := Utterance{Text: m.Body}
	var data messageData
	if json.Unmarshal(m.Data, &data) == nil {
		u.Choices = data.Choices
	}
	return u
}

// conclude stores what was decided and returns what is said, inside the transaction that ends the turn.
func (b *Bot) conclude(ctx context.Context, tx pgx.Tx, c *chat.Conversation, turn chat.Turn, r Reply) ([]chat.Entry, error) {
	basis, err := evidenceOf(r)
	if err != nil {
		return nil, err
	}
	if err := b.record(ctx, tx, turn, c.Contact, r, basis); err != nil {
		return nil, err
	}
	c.Lang = r.Lang
	data, err := r.data()
	if err != nil {
		return nil, fmt.Errorf("encode message data: %w", err)
	}
	said := chat.Entry{
		// Derived from the turn, so that a retried turn cannot answer twice.
		ClientID: uuid.NewSHA1(turn.Conversation, []byte("turn "+strconv.FormatInt(turn.Seq, 10))),
		Sender:   chat.Sender{Kind: chat.Bot, ID: "bot", Name: b.c.Settings.Name},
		Kind:     chat.KindText, Body: r.Text, Data: data, Epoch: turn.Epoch,
	}
	if r.Decision != Handoff {
		return []chat.Entry{said}, nil
	}
	if err := b.c.Desk.Enqueue(ctx, tx, c, handoffOf(turn, r, basis)); err != nil {
		return nil, err
	}
	said.Epoch = -1 // Enqueue raised the epoch in this very transaction
	return []chat.Entry{said, chat.HandoffEntry(r.Reason)}, nil
}

// found is a passage as stored with a turn and shown to the agent.
type found struct {
	Title    string    `json:"title"`
	Heading  string    `json:"heading"`
	Page     int       `json:"page,omitempty"`
	URL      string    `json:"url"`
	Source   string    `json:"source"`
	Text     string    `json:"text"`
	Score    float64   `json:"score"`
	Document uuid.UUID `json:"document"`
}

func passagesJSON(hits []knowledge.Hit) ([]byte, error) {
	out := make([]found, 0, len(hits))
	for _, h := range hits {
		out = append(out, found{Title: h.Title, Heading: strings.Join(h.HeadingPath, " > "), Page: h.Page, URL: h.URL,
			Source: h.URI, Text: clip(readable(h.Text), 600), Score: h.Score, Document: h.DocumentID})
	}
	return json.Marshal(out)
}

// evidence is what a decision rests on, encoded once for the turn's row and for the handoff.
type evidence struct{ passages, entities []byte }

func evidenceOf(r Reply) (e evidence, err error) {
	if e.passages, err = passagesJSON(r.Passages); err != nil {
		return evidence{}, fmt.Errorf("encode passages: %w", err)
	}
	if e.entities, err = json.Marshal(r.FoundEntities()); err != nil {
		return evidence{}, fmt.Errorf("encode entities: %w", err)
	}
	return e, nil
}

func handoffOf(turn chat.Turn, r Reply, e evidence) chat.Handoff {
	h := chat.Handoff{Reason: r.Reason, Summary: r.Summary, Intent: r.Intent.Name, Lang: r.Lang,
		Confidence: r.Confidence, Entities: e.entities, Passages: e.passages, TurnSeq: turn.Seq}
	if in := r.Intent.Intent; in != nil {
		h.Group = in.Group
	}
	if r.Urgent {
		h.Priority = 1
	}
	return h
}

// FoundEntity is an entity as stored with a turn, shown to the agent and printed by `handrail ask --json`.
type FoundEntity struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
	Text  string `json:"text"`
}

// FoundEntities returns the entities of the message; never nil.
func (r Reply) FoundEntities() []FoundEntity {
	out := make([]FoundEntity, 0, len(r.Entities))
	for _, e := range r.Entities {
		out = append(out, FoundEntity{Kind: e.Kind, Value: e.Value, Text: e.Text})
	}
	return out
}
