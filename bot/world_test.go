package bot

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/intent"
	"handrail/internal/chat"
	"handrail/internal/llm"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// article is one passage of the help centre of a bicycle shop.
type article struct{ uri, lang, title, heading, question, text string }

func articles() []article {
	return []article{
		{"returns.md", "en", "Returns", "How to return", "", "You can return a bicycle within 30 days of delivery. " +
			"Returns are free of charge. The refund arrives within 5 working days."},
		{"frames.md", "en", "Frame warranty", "", "", "Steel frames carry a warranty of 10 years against cracks and rust. " +
			"Register the frame at https://linden.example/frames to claim it."},
		{"workshop.md", "en", "Workshop", "", "", "The workshop repairs flat tyres, brakes and gears without an appointment."},
		{"gift-cards.md", "en", "Gift cards", "", "", "A gift card is valid for three years."},
		{"credit-cards.md", "en", "Credit cards", "", "", "A credit card is charged on dispatch."},
		{"saddles.md", "en", "Saddles", "", "Which saddle height is right for me?", "Sit on the saddle and put a heel on the " +
			"pedal: the leg should be straight."},
		{"tuihuo.md", "zh", "退货", "", "", "自行车签收后三十天内可以退货，运费由我们承担。"},
	}
}

// desk queues conversations as the real desk does: in the table handoffs, inside the transaction that it is given.
type desk struct {
	queued chan uuid.UUID // the conversations queued, whose transaction may still be open
	broken error
}

func (d *desk) Enqueue(ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff) error {
	c.State, c.Priority = chat.StateQueued, h.Priority
	c.Epoch++
	_, err := tx.Exec(ctx, `
		INSERT INTO handoffs (workspace_id, conversation_id, reason, team, intent, lang, confidence, priority, sealed,
		                      turn_seq, waiting_since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, now())`,
		c.Workspace, c.ID, h.Reason, h.Group, h.Intent, h.Lang, h.Confidence, h.Priority, h.TurnSeq)
	if err != nil {
		return err
	}
	d.queued <- c.ID
	return d.broken
}

// world is a shop with a help centre, a log, and a bot without a model.
type world struct {
	t       *testing.T
	db      *postgres.DB
	ws      uuid.UUID
	log     *chat.Log
	base    *knowledge.Base
	intents *intent.Classifier
	desk    *desk
	contact uuid.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := pgtest.Open(t)
	w := &world{t: t, db: db, ws: pgtest.Workspace(t, db), log: chat.NewLog(db, nil, chat.Config{}),
		base: knowledge.New(db, nil), intents: intent.NewClassifier(db), desk: &desk{queued: make(chan uuid.UUID, 100)}}
	w.log.Start(t.Context())
	t.Cleanup(w.log.Stop)
	var items []knowledge.DocumentPassages
	for _, a := range articles() {
		p := knowledge.Passage{Title: a.title, Text: a.text, Lang: a.lang, Question: a.question, URL: "https://linden.example/" + a.uri}
		if a.heading != "" {
			p.HeadingPath = []string{a.heading}
		}
		d := knowledge.Document{Collection: "help", URI: a.uri, Title: a.title, Lang: a.lang, URL: p.URL, Hash: []byte(a.uri)}
		items = append(items, knowledge.DocumentPassages{Document: d, Passages: []knowledge.Passage{p}})
	}
	require.NoError(t, w.base.ReplaceAll(t.Context(), w.ws, items))
	c, err := w.log.CreateContact(t.Context(), w.ws, chat.Contact{Name: "Ada", Lang: "en"}, nil)
	require.NoError(t, err)
	w.contact = c.ID
	return w
}

// bot returns one whose confidence is always the given one.
func (w *world) bot(confidence float64, model llm.Model) *Bot {
	b := New(Config{DB: w.db, Log: w.log, Base: w.base, Classifier: w.intents, Model: model, Desk: w.desk,
		Settings: Settings{Name: "Linden"}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	b.calibrator = func(Features) Calibrator { return sure(confidence) }
	return b
}

// sure returns a calibrator that gives the same probability to everything.
func sure(p float64) Calibrator { return Calibrator{Bias: math.Log(p / (1 - p))} }

func (w *world) turn(text string) Turn { return Turn{Workspace: w.ws, Text: text} }

func (w *world) respond(b *Bot, t Turn) Reply {
	w.t.Helper()
	r, err := b.Respond(w.t.Context(), t)
	require.NoError(w.t, err)
	return r
}

// train gives the workspace intents of every policy.
func (w *world) train() {
	w.t.Helper()
	en := func(examples ...string) map[string][]string { return map[string][]string{"en": examples} }
	_, err := w.intents.Train(w.t.Context(), w.ws, intent.Catalog{Intents: []intent.Intent{
		{Name: "greeting", Policy: intent.PolicyReply, Reply: map[string]string{"en": "Hello from Linden!", "zh": "您好！"},
			Examples: map[string][]string{"en": {"hello", "hi", "hi there", "good morning", "hey", "good evening", "hello there", "greetings"},
				"zh": {"你好", "您好", "早上好", "晚上好", "哈喽", "嗨"}}},
		{Name: "fraud", Policy: intent.PolicyHandoff, Group: "security", Examples: en("someone hacked my account",
			"my account was hacked", "a stranger bought things with my account", "my identity was stolen",
			"somebody stole my password", "unknown orders in my account, was I hacked", "my account is compromised")},
		{Name: "returns", Policy: intent.PolicyAnswer, Threshold: 0.7, Label: map[string]string{"en": "Return a bicycle"},
			Examples: en("can I return my bicycle", "how do I send a bicycle back", "how long can I return a bicycle",
				"what does a return cost", "return policy", "I want to return my new bicycle", "is returning a bicycle free")},
		{Name: "warranty", Policy: intent.PolicyAnswer, Threshold: 0.95, Label: map[string]string{"en": "Warranty"},
			Examples: en("how long is the warranty on frames", "does the warranty cover rust", "frame warranty",
				"is there a warranty against cracks", "warranty claim for my steel frame", "how many years of warranty")},
	}})
	require.NoError(w.t, err)
}

// say stores a visitor's message in a conversation and claims the turn that it makes due.
func (w *world) say(conversation uuid.UUID, text string) chat.Turn {
	w.t.Helper()
	w.append(conversation, text)
	turn, err := w.log.ClaimTurnOf(w.t.Context(), w.ws, conversation, "node", leaseLife)
	require.NoError(w.t, err)
	require.NotNil(w.t, turn)
	return *turn
}

func (w *world) append(conversation uuid.UUID, text string) {
	w.t.Helper()
	_, err := w.log.Append(w.t.Context(), w.ws, conversation, chat.Entry{ClientID: uuid.New(), Body: text, Epoch: -1,
		Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}})
	require.NoError(w.t, err)
}

func (w *world) conversation() uuid.UUID {
	w.t.Helper()
	c, err := w.log.StartConversation(w.t.Context(), w.ws, chat.NewConversation{Contact: w.contact, Lang: "en"})
	require.NoError(w.t, err)
	return c.ID
}

func (w *world) get(conversation uuid.UUID) chat.Conversation {
	w.t.Helper()
	c, err := w.log.Conversation(w.t.Context(), w.ws, conversation)
	require.NoError(w.t, err)
	return c
}

// entries lists a conversation's entries as "sender kind".
func (w *world) entries(conversation uuid.UUID) (list []string) {
	w.t.Helper()
	for _, m := range w.messages(conversation) {
		list = append(list, string(m.Sender.Kind)+" "+string(m.Kind))
	}
	return list
}

func (w *world) messages(conversation uuid.UUID) []chat.Message {
	w.t.Helper()
	list, err := w.log.Read(w.t.Context(), w.ws, conversation, 0, 0)
	require.NoError(w.t, err)
	return list
}

func (w *world) handoffs(conversation uuid.UUID) (reasons []string) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(w.t.Context(), `SELECT reason FROM handoffs WHERE conversation_id = $1 ORDER BY id`, conversation)
		if err != nil {
			return err
		}
		reasons, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}))
	return reasons
}

// become moves a conversation to a state without its desk.
func (w *world) become(conversation uuid.UUID, s chat.State, agent int64) {
	w.t.Helper()
	_, err := w.log.Decide(w.t.Context(), w.ws, conversation, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.State, c.AgentID = s, agent
		return nil, nil
	})
	require.NoError(w.t, err)
}

func (w *world) user() (id int64) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(w.t.Context(), `
			INSERT INTO users (workspace_id, email, name, role, password_hash) VALUES ($1, $2, 'Bo', 'agent', '-') RETURNING id`,
			w.ws, uuid.NewString()).Scan(&id)
	}))
	return id
}

var errBroken = errors.New("the desk is broken")
