package chat_test

import (
	"database/sql"
	"io/fs"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// before are rows as the version before encryption wrote them; every $1 is the workspace, $2 the contact's and the
// conversation's id.
func before() []string {
	return []string{
		`INSERT INTO workspaces (id, slug, name) VALUES ($1, 'w', 'w')`,
		`INSERT INTO contacts (workspace_id, id, name, email, lang) VALUES ($1, $2, 'Ada', 'ada@example.com', 'en')`,
		`INSERT INTO conversations (workspace_id, id, contact_id, channel, lang, page_url, last_seq)
		 VALUES ($1, $2, $2, 'web', 'en', 'https://shop.example/?t=1', 700)`,
		`INSERT INTO messages (workspace_id, conversation_id, seq, client_id, sender_kind, sender_id, sender_name, kind, body, data, epoch, at)
		 SELECT $1, $2, n, gen_random_uuid(), 'visitor', 'v', 'Ada', 'text', 'message ü' || n, CASE WHEN n > 1 THEN '{"n": 1}'::json END, 0, now()
		 FROM generate_series(1, 700) n`,
		`INSERT INTO turns (workspace_id, conversation_id, seq, decision, reason, confidence, threshold, lang, intent, intent_prob,
		                    entities, passages, features, model, prompt, prompt_tokens, reply_tokens, took)
		 VALUES ($1, $2, 1, 'handoff', 'no_answer', 0, 0, 'en', '', 0, '[]', '[]', '{}', '', '', 0, 0, '0')`,
		`INSERT INTO handoffs (workspace_id, conversation_id, reason, summary, team, intent, lang, confidence, priority, turn_seq)
		 VALUES ($1, $2, 'no_answer', 'asks', '', '', 'en', 0, 0, 1)`,
		`INSERT INTO drafts (workspace_id, id, question, answer, lang, collection, conversation_id)
		 VALUES ($1, $2, 'Why?', 'So.', 'en', 'faq', $2)`,
		`INSERT INTO reviewed_cases (workspace_id, draft_id, wording, question, lang, source) VALUES ($1, $2, 'asked', 'Why?', 'en', 'x')`,
		`INSERT INTO eval_cases (workspace_id, id, question, history, lang, decision, sources, facts, tags, conversation_id, seq, author)
		 VALUES ($1, $2, 'Why?', '{a,b}', 'en', 'answer', '{}', '[]', '{}', $2, 1, 'Ana')`,
		`INSERT INTO eval_runs (workspace_id, id, suite, background, state, finished_at, report)
		 VALUES ($1, $2, 'cases', true, 'done', now(), '{}'), ($1, $1, 'cases', true, 'failed', now(), NULL)`,
	}
}

// TestRowsOfAnOlderVersionAreSealedAtTheStart brings a database with plain rows up to date.
func TestRowsOfAnOlderVersionAreSealedAtTheStart(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	ws, id := uuid.New(), uuid.New()
	old(t, url, ws, id)
	w := &world{t: t, url: url, ws: ws}
	w.db = w.open()
	w.Log = w.node(w.db, nil)
	c, err := w.Conversation(t.Context(), ws, id)
	require.NoError(t, err)
	require.Equal(t, []string{"Ada", "https://shop.example/?t=1"}, []string{c.ContactName, c.PageURL})
	list := all(t, w.Log, ws, id)
	require.Len(t, list, 700)
	require.Equal(t, []string{"message ü1", "Ada", ""}, []string{list[0].Body, list[0].Sender.Name, string(list[0].Data)})
	require.JSONEq(t, `{"n": 1}`, string(list[699].Data))
	contact, err := w.Contact(t.Context(), ws, id)
	require.NoError(t, err)
	require.Equal(t, chat.Contact{ID: id, Name: "Ada", Email: "ada@example.com", Lang: "en"}, contact)
	w.exec(func(tx pgx.Tx) error {
		for _, table := range []string{"contacts", "conversations", "messages", "turns", "handoffs", "drafts", "reviewed_cases",
			"eval_cases", "eval_runs"} {
			var plain, sealed int
			err := tx.QueryRow(t.Context(), `
				SELECT count(*) FILTER (WHERE get_byte(sealed, 0) = 0), count(*) FILTER (WHERE get_byte(sealed, 0) = 1)
				FROM `+table).Scan(&plain, &sealed)
			require.NoError(t, err)
			require.Zero(t, plain, table)
			require.NotZero(t, sealed, table)
		}
		return nil
	})
}

// old takes the clone back to the version before encryption and fills it.
func old(t *testing.T, url string, ws, id uuid.UUID) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	require.NoError(t, err)
	files, err := fs.Sub(postgres.Migrations(), "migrations")
	require.NoError(t, err)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 20)
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `SELECT set_config('handrail.workspace', '*', true)`)
	require.NoError(t, err)
	for _, statement := range before() {
		args := []any{ws, id}
		if statement == before()[0] {
			args = args[:1]
		}
		_, err := tx.ExecContext(t.Context(), statement, args...)
		require.NoError(t, err, statement)
	}
	require.NoError(t, tx.Commit())
}
