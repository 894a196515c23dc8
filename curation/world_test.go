package curation

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/bot"
	"handrail/internal/chat"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// judge answers what the base most likely holds, as the bot does.
type judge struct{ base *knowledge.Base }

func (j judge) Respond(ctx context.Context, t bot.Turn) (bot.Reply, error) {
	found, err := j.base.Search(ctx, t.Workspace, knowledge.Query{Text: t.Text, Lang: t.Lang})
	if err == nil && len(found.Hits) > 0 && bot.Answerability(found.Evidence) >= bot.DefaultThreshold {
		return bot.Reply{Decision: bot.Answer}, nil
	}
	return bot.Reply{Decision: bot.Handoff}, err
}

// world is a workspace with a small base, a log and an agent.
type world struct {
	*Curator
	t     *testing.T
	db    *postgres.DB
	ws    uuid.UUID
	log   *chat.Log
	base  *knowledge.Base
	agent int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOn(t, pgtest.Open(t))
}

// worldOn makes a workspace of its own in a database that others may share.
func worldOn(t *testing.T, db *postgres.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, ws: pgtest.Workspace(t, db), log: chat.NewLog(db, nil, chat.Config{}), base: knowledge.New(db, nil)}
	w.Curator = w.node()
	w.log.Start(t.Context())
	t.Cleanup(w.log.Stop)
	var items []knowledge.DocumentPassages
	for uri, body := range map[string]string{
		"returns.md": "You can return a bicycle within 30 days of delivery. Returns are free of charge.",
		"frames.md":  "Steel frames carry a warranty of 10 years against cracks and rust.",
	} {
		items = append(items, knowledge.DocumentPassages{
			Document: knowledge.Document{Collection: "help", URI: uri, Title: strings.TrimSuffix(uri, ".md"), Lang: "en"},
			Passages: []knowledge.Passage{{Title: strings.TrimSuffix(uri, ".md"), Text: body, Lang: "en"}}})
	}
	require.NoError(t, w.base.ReplaceAll(t.Context(), w.ws, items))
	w.query(&w.agent, `
		INSERT INTO users (workspace_id, email, name, role, password_hash) VALUES ($1, 'bo@example.com', 'Bo', 'agent', '-')
		RETURNING id`, w.ws)
	w.exec(`INSERT INTO agents (workspace_id, user_id) VALUES ($1, $2)`, w.ws, w.agent)
	return w
}

// node is another curator on the same connections; there may be two or three of them at a time.
func (w *world) node() *Curator {
	return New(Config{DB: w.db, Base: w.base, Bot: judge{w.base}, Logger: slog.New(slog.DiscardHandler),
		Mask: func(s string) string { return strings.ReplaceAll(s, "ada@example.com", "[e-mail]") }})
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.t.Context(), sql, args...)
		return err
	}))
}

func (w *world) query(target any, sql string, args ...any) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(w.t.Context(), sql, args...).Scan(target)
	}))
}

func (w *world) count(table string) (n int) {
	w.t.Helper()
	w.query(&n, `SELECT count(*) FROM `+table+` WHERE workspace_id = $1`, w.ws)
	return n
}

func (w *world) conversation() uuid.UUID {
	w.t.Helper()
	contact, err := w.log.CreateContact(w.t.Context(), w.ws, chat.Contact{Name: "Ada", Lang: "en"}, nil)
	require.NoError(w.t, err)
	c, err := w.log.StartConversation(w.t.Context(), w.ws, chat.NewConversation{Contact: contact.ID, Lang: "en"})
	require.NoError(w.t, err)
	return c.ID
}

// say appends a text and returns its number.
func (w *world) say(conversation uuid.UUID, by chat.SenderKind, body string) int64 {
	w.t.Helper()
	m, err := w.log.Append(w.t.Context(), w.ws, conversation, chat.Entry{ClientID: uuid.New(), Body: body, Epoch: -1,
		Sender: chat.Sender{Kind: by, ID: "x"}})
	require.NoError(w.t, err)
	return m.Seq
}

// ask lets a visitor say something, and the bot decide.
func (w *world) ask(conversation uuid.UUID, body string, decision bot.Decision, reason string) int64 {
	w.t.Helper()
	seq := w.say(conversation, chat.Visitor, body)
	w.exec(`
		INSERT INTO turns (workspace_id, conversation_id, seq, decision, reason, confidence, threshold, lang, intent,
		                   intent_prob, sealed, features, model, prompt, prompt_tokens, reply_tokens, took)
		VALUES ($1, $2, $3, $4, $5, 0.1, 0.8, 'en', '', 0, '', '{}', '', '', 0, 0, '0')`,
		w.ws, conversation, seq, decision, reason)
	w.say(conversation, chat.Bot, "Said the bot.")
	return seq
}

// escalate lets a visitor ask, the bot hand off, and an agent answer and end it.
func (w *world) escalate(question, reason string, answers ...string) uuid.UUID {
	w.t.Helper()
	c := w.conversation()
	seq := w.ask(c, question, bot.Handoff, reason)
	for _, a := range answers {
		w.say(c, chat.Agent, a)
	}
	w.end(c, seq, reason, "closed")
	return c
}

// end records a handoff that an agent took and ended.
func (w *world) end(conversation uuid.UUID, seq int64, reason, outcome string) {
	w.t.Helper()
	_, err := w.log.Decide(w.t.Context(), w.ws, conversation, func(tx pgx.Tx, _ *chat.Conversation) ([]chat.Entry, error) {
		_, err := tx.Exec(w.t.Context(), `
			WITH h AS (
				INSERT INTO handoffs (workspace_id, conversation_id, reason, sealed, team, intent, lang, confidence, priority,
				                      turn_seq, ended_at)
				VALUES ($1, $2, $3, '', '', '', 'en', 0.1, 0, $4, now()) RETURNING id)
			INSERT INTO assignments (workspace_id, handoff_id, conversation_id, agent_id, waiting_since, ended_at, outcome)
			SELECT $1, id, $2, $5, now(), now(), $6 FROM h`, w.ws, conversation, reason, seq, w.agent, outcome)
		return []chat.Entry{chat.SystemEntry(chat.Kind(outcome), uuid.New(), nil)}, err
	})
	require.NoError(w.t, err)
}

// open lists the open drafts.
func (w *world) open() []Draft {
	w.t.Helper()
	list, err := w.Drafts(w.t.Context(), w.ws, Open)
	require.NoError(w.t, err)
	return list
}

func (w *world) gaps() []Gap {
	w.t.Helper()
	list, _, err := w.Gaps(w.t.Context(), w.ws, 14, 50)
	require.NoError(w.t, err)
	return list
}

// found lists the URIs that a search finds.
func (w *world) found(question string) (uris []string) {
	w.t.Helper()
	res, err := w.base.Search(w.t.Context(), w.ws, knowledge.Query{Text: question})
	require.NoError(w.t, err)
	for _, h := range res.Hits {
		uris = append(uris, h.Collection+":"+h.URI)
	}
	return uris
}
