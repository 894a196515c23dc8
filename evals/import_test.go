package evals

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

func TestImportCSV(t *testing.T) {
	t.Parallel()
	in := "\uFEFFQuestion,decision,sources,facts,tags,id,dialogue\r\n" +
		"\"What, exactly, does it cost?\",,fees.md|prices.md,\"4.90|4,90; EUR\",answerable,,\n" +
		"card,clarify,,,,,talk\n\"gift\ncard\",answer,,,,,talk\n谁?,handoff,,,,person,\n"
	s, err := ImportCSV(`C:\set\shop.csv`, strings.NewReader(in))
	require.NoError(t, err)
	require.Equal(t, "shop", s.Name)
	require.Len(t, s.Cases, 3)
	require.Equal(t, Case{ID: s.Cases[0].ID, Question: "What, exactly, does it cost?", Decision: bot.Answer,
		Sources: []string{"fees.md", "prices.md"}, Facts: [][]string{{"4.90", "4,90"}, {"EUR"}}, Tags: []string{"answerable"}}, s.Cases[0])
	require.Equal(t, []Case{{Question: "card", Decision: bot.Clarify}, {Question: "gift\ncard", Decision: bot.Answer}}, s.Cases[1].Turns)
	require.Equal(t, "person", s.Cases[2].ID)
	var b bytes.Buffer
	require.NoError(t, WriteSuite(&b, s))
	load(t, "s.yaml", b.String())

	again, err := ImportCSV("shop.csv", strings.NewReader("question\nNew?\n\"What, exactly, does it cost?\"\nNew?\n"))
	require.NoError(t, err)
	require.Equal(t, s.Cases[0].ID, again.Cases[1].ID, "a question keeps its id when others come")
	require.Equal(t, again.Cases[0].ID+"-2", again.Cases[2].ID)

	semicolons, err := ImportCSV("shop.csv", strings.NewReader("question;sources\nDoes it cost 4,90?;fees.md\n"))
	require.NoError(t, err, "spreadsheets of many countries write semicolons")
	require.Equal(t, "Does it cost 4,90?", semicolons.Cases[0].Question)

	for in, want := range map[string]string{
		"":                                 "f.csv is empty",
		"question\n":                       "f.csv has no rows",
		"questoin\nq\n":                    `line 1: "questoin" is no column that is known here: use id, question`,
		"id\nq\n":                          "line 1: there is no column question",
		"question,question\n":              "the column question stands twice",
		"question,lang\nq,en\nq\n":         "line 3 has 1 fields, but the first line names 2",
		"question,id\nq,a\n\nq,a\n":        `line 4: the id "a" stands twice`,
		"question,id\n,a\n":                "line 2: the column question is empty",
		"question,decision\nq,reply\n":     `line 2: the column decision is "reply": use answer`,
		"question\n\"q\n":                  "f.csv is not CSV",
		"question,dialogue\na,x\nb,y\nc,x": `line 4: the id "x" stands twice`,
	} {
		_, err := ImportCSV("f.csv", strings.NewReader(in))
		require.ErrorContains(t, err, want, in)
		require.True(t, errs.Is(err, errs.Invalid), in)
	}
}

func TestImportBEIR(t *testing.T) {
	t.Parallel()
	no := false
	b := BEIR{Name: "set", Suffix: ".md", Corpus: corpus(), Split: "test",
		Queries: []Query{{ID: "1", Text: "bells?", Split: "test", History: []Spoken{{"user", "hi"}, {"agent", "hello"}}},
			{ID: "2", Text: "rockets?", Split: "test", Answerable: &no}, {ID: "3", Text: "unjudged", Split: "test"},
			{ID: "4", Text: "tyres?", Split: "train"}},
		Qrels: Qrels{"1": {"tyres": 1, "bells": 2, "locks": 0}, "4": {"tyres": 1}}}
	s, err := ImportBEIR(b)
	require.NoError(t, err)
	require.Equal(t, []Case{
		{ID: "beir-1", Question: "bells?", History: []string{"hi"}, Decision: bot.Answer, Sources: []string{"bells.md", "tyres.md"}, Tags: []string{"answerable"}},
		{ID: "beir-2", Question: "rockets?", Decision: bot.Handoff, Tags: []string{"unanswerable"}},
	}, s.Cases)
	for want, change := range map[string]func(*BEIR){
		`no query has split "dev": the file has test, train`: func(b *BEIR) { b.Split = "dev" },
		"name document x, which the corpus lacks":            func(b *BEIR) { b.Qrels = Qrels{"1": {"x": 1}} },
		"no id of its own":                 func(b *BEIR) { b.Queries = append(b.Queries, b.Queries[0]) },
		"no query has a relevant document": func(b *BEIR) { b.Queries = b.Queries[2:3] },
	} {
		broken := b
		change(&broken)
		_, err := ImportBEIR(broken)
		require.ErrorContains(t, err, want)
		require.True(t, errs.Is(err, errs.Invalid), want)
	}
}

func TestImportTalks(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	talk := conversation(t, db, ws, 2, bot.Answer, "confident", `[{"title": "Other", "heading": "", "url": "", "source": "other.md"},
		{"title": "Fees", "heading": "", "url": "", "source": "fees.md"}]`,
		visitor("I am ada@example.com"), visitor("What does it cost?"),
		said{"bot", "text", "It costs 5 [1]", `{"citations": [{"n": 1, "title": "Fees", "heading": "", "url": ""}]}`},
		visitor("A person please"), said{"bot", "text", "Of course", "null"})
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		sealed, err := db.Vault().Seal(t.Context(), tx, bot.TurnPlace(ws, talk, talk, 4), []byte("[]"), []byte("[]"), nil)
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), `
			INSERT INTO turns (workspace_id, conversation_id, seq, decision, reason, confidence, threshold, lang, intent, intent_prob,
			                   sealed, features, model, prompt, prompt_tokens, reply_tokens, took)
			VALUES ($1, $2, 4, 'handoff', 'asked_for_person', 0, 0.8, 'en', '', 0, $3, '{}', '', '', 0, 0, '0')`, ws, talk, sealed)
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), `UPDATE turns SET intent = 'fees' WHERE conversation_id = $1 AND seq = 2`, talk)
		return err
	}))
	talks, err := Talks(t.Context(), db, ws, 10)
	require.NoError(t, err)
	s, err := ImportTalks("past", talks)
	require.NoError(t, err)
	require.Equal(t, []Case{{ID: "conversation-" + talk.String(), Lang: "en", Tags: []string{"conversation"}, Turns: []Case{
		{Question: "I am [e-mail] What does it cost?", Decision: bot.Answer, Intent: "fees", Sources: []string{"fees.md"}, Tags: []string{"answerable"}},
		{Question: "A person please", Decision: bot.Handoff, Reason: bot.ReasonAskedForPerson},
	}}}, s.Cases)

	other, err := Talks(t.Context(), db, pgtest.Workspace(t, db), 10)
	require.NoError(t, err)
	_, err = ImportTalks("none", other)
	require.True(t, errs.Is(err, errs.NotFound))
}

func FuzzImportCSV(f *testing.F) {
	f.Add("question,decision\nq,answer\n")
	f.Add("question,dialogue,facts\na,x,\"1|2;3\"\nb,x,\n")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ImportCSV("f.csv", strings.NewReader(in))
		require.Equal(t, err == nil, len(s.Cases) > 0)
	})
}
