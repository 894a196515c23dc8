package evals

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/internal/seal"
)

// said is one entry of a conversation.
type said struct{ sender, kind, body, data string }

func visitor(body string) said { return said{"visitor", "text", body, "null"} }

// conversation stores the entries and a turn of the bot about entry seq.
func conversation(t *testing.T, db *postgres.DB, ws uuid.UUID, seq int64, decision bot.Decision, reason, passages string, entries ...said) uuid.UUID {
	t.Helper()
	id, ctx := uuid.New(), t.Context()
	require.NoError(t, db.InTx(ctx, ws, func(tx pgx.Tx) error {
		key, err := db.Vault().Create(ctx, tx, seal.Owner{Workspace: ws, ID: id})
		if err != nil {
			return err
		}
		in := func(column, row string, fields ...string) []byte {
			bytes := make([][]byte, len(fields))
			for i, f := range fields {
				bytes[i] = []byte(f)
			}
			sealed, err := key.Seal(seal.Place{Workspace: ws, Owner: id, Column: column + ".sealed", Row: row}, bytes...)
			require.NoError(t, err)
			return sealed
		}
		var b pgx.Batch
		b.Queue(`INSERT INTO contacts (workspace_id, id, sealed, lang) VALUES ($1, $2, '', 'en')`, ws, id)
		b.Queue(`INSERT INTO conversations (workspace_id, id, contact_id, channel, lang, sealed) VALUES ($1, $2, $2, 'web', 'en', '')`, ws, id)
		for i, e := range entries {
			b.Queue(`INSERT INTO messages (workspace_id, conversation_id, seq, client_id, sender_kind, sender_id, kind, sealed, epoch, at)
				VALUES ($1, $2, $3, $4, $5, 'x', $6, $7, 0, now())`, ws, id, i+1, uuid.New(), e.sender, e.kind,
				in("messages", fmt.Sprintf("%s/%d", id, i+1), "x", e.body, e.data))
		}
		b.Queue(`INSERT INTO turns (workspace_id, conversation_id, seq, decision, reason, confidence, threshold, lang, intent, intent_prob,
			sealed, features, model, prompt, prompt_tokens, reply_tokens, took)
			VALUES ($1, $2, $3, $4, $5, .9, .8, 'en', '', 0, $6, '{}', '', '', 0, 0, '0')`, ws, id, seq, decision, reason,
			in("turns", fmt.Sprintf("%s/%d", id, seq), "[]", passages))
		return tx.SendBatch(ctx, &b).Close()
	}))
	return id
}

const twoPassages = `[{"title":"Fees","heading":"Express","url":"","source":"fees.md"},{"title":"Returns","heading":"","url":"https://shop.example/r","source":"returns.md"}]`

func TestACaseIsFilledInFromItsTurn(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts())
	id := conversation(t, db, ws, 8, bot.Answer, bot.ReasonConfident, twoPassages,
		visitor("My order is HP-20417"), visitor("call +49 30 901820"), said{"bot", "text", "Hm?", "null"},
		visitor("I was angry with the agent"), said{"system", "closed", "", "null"},
		said{"agent", "note", "a note", "null"}, visitor("And returns?"), visitor("Write to ada@example.com"),
		said{"bot", "text", "30 days [1]", `{"citations":[{"n":1,"title":"Returns","heading":"","url":"https://shop.example/r"},{"n":2,"title":"Gone","heading":"","url":""}]}`},
		visitor("Thanks!"))
	c, err := s.AddCase(t.Context(), ws, "user:1", "Ana", id, 8, CaseEdit{})
	require.NoError(t, err)
	require.Equal(t, "And returns?\nWrite to [e-mail]", c.Question, "messages in a row are one question")
	require.Equal(t, []string{"My order is [order number]\ncall [phone]", "I was angry with the agent"}, c.History)
	require.Equal(t, []string{"returns.md"}, c.Sources, "what was cited, not what was found first")
	require.Equal(t, []any{bot.Answer, "en", "Ana", int64(8)}, []any{c.Decision, c.Lang, c.Author, c.Seq})

	suite, err := s.Suite(t.Context(), ws, SuiteCases)
	require.NoError(t, err)
	require.Equal(t, []Case{c.Case()}, suite.Cases)
	var b strings.Builder
	require.NoError(t, WriteSuite(&b, suite))
	read, err := LoadSuite("cases.yaml", strings.NewReader(b.String()))
	require.NoError(t, err)
	require.Equal(t, "And returns? Write to [e-mail]", read.Cases[0].Question)
	require.Equal(t, c.History, read.Cases[0].History)

	list, err := s.Cases(t.Context(), ws)
	require.NoError(t, err)
	require.Equal(t, []StoredCase{c}, list)
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		for _, table := range []string{"messages", "turns", "conversations"} {
			key := map[bool]string{true: "id", false: "conversation_id"}[table == "conversations"]
			if _, err := tx.Exec(t.Context(), fmt.Sprintf(`DELETE FROM %s WHERE workspace_id = $1 AND %s = $2`, table, key), ws, id); err != nil {
				return err
			}
		}
		return nil
	}))
	list, err = s.Cases(t.Context(), ws)
	require.NoError(t, err)
	require.Nil(t, list[0].Conversation, "the case outlives the conversation")
}

func TestCasesBelongToTheirWorkspace(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, other := pgtest.Workspace(t, db), pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts())
	id := conversation(t, db, ws, 1, bot.Handoff, bot.ReasonNoAnswer, "[]", visitor("Do you engrave?"))
	_, err := s.AddCase(t.Context(), other, "user:2", "Bo", id, 1, CaseEdit{})
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	c, err := s.AddCase(t.Context(), ws, "user:1", "Ana", id, 1, CaseEdit{})
	require.NoError(t, err)
	require.Equal(t, []string{"conversation", "unanswerable"}, c.Tags)
	_, err = s.AddCase(t.Context(), ws, "user:1", "Ana", id, 1, CaseEdit{})
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)

	question := "mine now? write to ana@example.com"
	edited, err := s.UpdateCase(t.Context(), ws, "user:1", c.ID, CaseEdit{Question: &question, History: []string{"call 415 555 0100 or bo@example.com"}})
	require.NoError(t, err)
	require.Equal(t, "mine now? write to [e-mail]", edited.Question)
	require.NotContains(t, edited.History[0], "@")
	_, err = s.UpdateCase(t.Context(), other, "user:2", c.ID, CaseEdit{Question: &question})
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	require.True(t, errs.Is(s.RemoveCase(t.Context(), other, "user:2", c.ID), errs.NotFound))
	list, err := s.Cases(t.Context(), other)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = s.Suite(t.Context(), other, SuiteCases)
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.Equal(t, 2, count(t, db, ws, `SELECT count(*) FROM audit_log WHERE workspace_id = $1 AND action LIKE 'eval.%'`),
		"what was refused leaves no record")
}

func TestEditsOfCasesAreChecked(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	decision := bot.Decision("shrug")
	many := make([]string, maxCaseList+1)
	for i := range many {
		many[i] = "x"
	}
	for name, c := range map[string]struct {
		edit CaseEdit
		want errs.Kind
	}{
		"empty question": {CaseEdit{Question: text(" \x00 ")}, errs.Invalid},
		"no words":       {CaseEdit{Question: text("?!")}, errs.Invalid},
		"decision":       {CaseEdit{Decision: &decision}, errs.Invalid},
		"language":       {CaseEdit{Lang: text("english")}, errs.Invalid},
		"long question":  {CaseEdit{Question: text(strings.Repeat("长", maxCaseText+1))}, errs.TooLarge},
		"many sources":   {CaseEdit{Sources: many}, errs.TooLarge},
		"many tags":      {CaseEdit{Tags: many}, errs.TooLarge},
		"long fact":      {CaseEdit{Facts: [][]string{{strings.Repeat("x", maxCaseText+1)}}}, errs.TooLarge},
	} {
		c2 := StoredCase{Question: "ok?", Decision: bot.Answer, Lang: "en"}
		err := c.edit.apply(&c2)
		require.True(t, errs.Is(err, c.want), "%s: %v", name, err)
	}
	c := StoredCase{Question: "ok?", Decision: bot.Answer, Lang: "en"}
	require.NoError(t, CaseEdit{Question: text(" a\x00b? "), Facts: [][]string{{" x ", ""}, {}}, Sources: []string{}}.apply(&c))
	require.Equal(t, "ab?", c.Question)
	require.Equal(t, [][]string{{"x"}}, c.Facts)
	require.Equal(t, []string{}, c.Sources)
	require.Equal(t, "长", clipped("长长", 1))
}
