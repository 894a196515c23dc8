package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/evals"
	"handrail/ingest"
	"handrail/intent"
	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/internal/text"
	"handrail/knowledge"
	"handrail/sample"
)

// plantedShop is the sample shop on a database of its own, in which the tests of the gate plant their faults.
type plantedShop struct {
	t       *testing.T
	db      *postgres.DB
	base    *knowledge.Base
	intents *intent.Classifier
	ingest  *ingest.Pipeline
	ws      uuid.UUID
	suite   evals.Suite
}

func newPlantedShop(t *testing.T) *plantedShop {
	t.Helper()
	db := pgtest.Open(t)
	base := knowledge.New(db, nil)
	s := &plantedShop{t: t, db: db, base: base, intents: intent.NewClassifier(db), ingest: ingest.New(base, ingest.Config{}),
		ws: pgtest.Workspace(t, db)}
	s.load()
	s.train(s.ws, s.catalog())
	var err error
	s.suite, err = evals.LoadSuite("sample", bytes.NewReader(sample.Suite))
	require.NoError(t, err)
	s.suite.Cases = slices.DeleteFunc(s.suite.Cases, func(c evals.Case) bool { return !wanted(c) })
	return s
}

// wanted chooses about a third of the sample suite, by name: enough to catch every fault, and quick.
func wanted(c evals.Case) bool {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(c.ID))
	return sum.Sum32()%3 == 0 || slices.Contains([]string{"en-privacy", "en-talk-hi", "en-returns-07"}, c.ID)
}

// load makes the help centre whole.
func (s *plantedShop) load() {
	s.t.Helper()
	r, err := s.ingest.RunFS(s.t.Context(), s.ws, sample.Help, ".", ingest.Options{Collection: demoCollection})
	require.NoError(s.t, err)
	require.Empty(s.t, r.Failed)
}

func (s *plantedShop) catalog() intent.Catalog {
	s.t.Helper()
	c, err := sampleCatalog()
	require.NoError(s.t, err)
	return c
}

func (s *plantedShop) train(ws uuid.UUID, c intent.Catalog) {
	s.t.Helper()
	_, err := s.intents.Train(s.t.Context(), ws, c)
	require.NoError(s.t, err)
}

// bot answers at a threshold, by quoting if model is nil.
func (s *plantedShop) bot(threshold float64, model llm.Model) *bot.Bot {
	return bot.New(bot.Config{DB: s.db, Base: s.base, Classifier: s.intents, Model: model,
		Settings: bot.Settings{Threshold: threshold, Name: "Pine"}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func (s *plantedShop) run(b evals.Responder, ws uuid.UUID, suite evals.Suite) evals.Report {
	s.t.Helper()
	report, err := evals.Run(s.t.Context(), b, ws, suite, nil)
	require.NoError(s.t, err)
	return report
}

// baseline is what the bot reaches now, as it is read back from its file.
func (s *plantedShop) baseline(b evals.Responder) evals.Baseline {
	s.t.Helper()
	var file bytes.Buffer
	require.NoError(s.t, evals.WriteBaseline(&file, evals.NewBaseline(s.run(b, s.ws, s.suite))))
	base, err := evals.ReadBaseline("baseline.json", &file)
	require.NoError(s.t, err)
	return base
}

// some is a part of the suite in another order.
func (s *plantedShop) some(share int) evals.Suite {
	out := evals.Suite{Name: s.suite.Name, Cases: slices.Clone(s.suite.Cases)}
	rand.Shuffle(len(out.Cases), func(i, j int) { out.Cases[i], out.Cases[j] = out.Cases[j], out.Cases[i] })
	out.Cases = out.Cases[:len(out.Cases)/share]
	return out
}

// of is the baseline of a part of the suite.
func of(b evals.Baseline, s evals.Suite) evals.Baseline {
	asked := map[string]bool{}
	for _, c := range s.Cases {
		asked[c.ID] = true
	}
	part := b
	part.Metrics, part.Cases = nil, nil
	for _, o := range b.Cases {
		if asked[o.ID] || asked[o.Dialogue] {
			part.Cases = append(part.Cases, o)
		}
	}
	return part
}

// named are the cases that the gate names, in any way.
func named(worse []evals.Regression) []string {
	var out []string
	for _, r := range worse {
		if r.Case != "" {
			out = append(out, r.Case)
		}
		out = append(out, r.Cases...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The gate is worth what it catches: each fault below is planted into the sample shop, and must be refused with the names
// of the cases that it broke; what did not change must pass.
func TestTheGateCatchesPlantedFaults(t *testing.T) {
	t.Parallel()
	s := newPlantedShop(t)
	quoting := s.bot(bot.DefaultThreshold, nil)
	base := s.baseline(quoting)
	// refused runs the suite with the fault in place and returns the cases named, all of which passed before.
	refused := func(t *testing.T, b evals.Responder, ws uuid.UUID) []string {
		t.Helper()
		report := s.run(b, ws, s.suite)
		names := named(evals.Gate(report, base))
		require.NotEmpty(t, names)
		lost, _ := evals.Changed(report, base)
		require.Subset(t, names, lost, "every case that passed and fails is named")
		return names
	}

	t.Run("nothing", func(t *testing.T) {
		const runs, atOnce = 20, 4
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				for range runs / atOnce {
					part := s.some(4)
					report, err := evals.Run(t.Context(), quoting, s.ws, part, nil)
					if err != nil || len(evals.Gate(report, of(base, part))) > 0 {
						t.Errorf("an unchanged run was refused: %v %v", err, evals.Gate(report, of(base, part)))
					}
				}
			})
		}
		all.Wait()
		require.Empty(t, evals.Gate(s.run(s.bot(bot.DefaultThreshold, nil), s.ws, s.suite), base), "by a new bot")
	})
	t.Run("a lower threshold", func(t *testing.T) {
		names := refused(t, s.bot(0.5, nil), s.ws)
		require.True(t, slices.ContainsFunc(names, func(id string) bool { return strings.Contains(id, "-un-") }),
			"it answers what it should not: %v", names)
	})
	t.Run("a higher threshold", func(t *testing.T) { refused(t, s.bot(0.95, nil), s.ws) })
	t.Run("two intents' examples swapped", func(t *testing.T) {
		s.train(s.ws, swapped(t, s.catalog(), "privacy_request", "greeting"))
		names := refused(t, quoting, s.ws)
		require.Contains(t, names, "en-privacy")
		require.Contains(t, names, "en-talk-hi")
		s.train(s.ws, s.catalog())
	})
	t.Run("a deleted document", func(t *testing.T) {
		docs, err := s.base.DocumentsOf(t.Context(), s.ws, "en/returns/return-policy.md")
		require.NoError(t, err)
		require.NoError(t, s.base.Remove(t.Context(), s.ws, docs[0].ID))
		require.Contains(t, refused(t, quoting, s.ws), "en-returns-07")
		s.load()
	})
	t.Run("an index with wrong stop words", func(t *testing.T) {
		docs := s.documents()
		s.reindex(docs, text.IsFunction)
		refused(t, quoting, s.ws)
		frequent := frequentContent(docs, 20)
		s.reindex(docs, func(term string) bool { return !frequent[term] })
		refused(t, quoting, s.ws)
		s.reindex(docs, func(string) bool { return true })
	})
	t.Run("a broken prompt", s.breakPrompt)
	// A bot remembers for some minutes what the examples of an intent find, so that a new one is asked.
	require.Empty(t, evals.Gate(s.run(s.bot(bot.DefaultThreshold, nil), s.ws, s.suite), base), "all faults are gone again")
}

// breakPrompt takes the rule about citations out of the prompt of a model that does as it is told.
func (s *plantedShop) breakPrompt(t *testing.T) {
	server := llmtest.Start(t)
	server.Match(obedient)
	model, err := llm.NewOpenAI(llm.Config{BaseURL: server.URL(), APIKey: llmtest.Key, Model: llmtest.ChatModel})
	require.NoError(t, err)
	t.Cleanup(model.Close)
	base := s.baseline(s.bot(bot.DefaultThreshold, model))
	require.False(t, base.Deterministic)
	require.Empty(t, evals.Gate(s.run(s.bot(bot.DefaultThreshold, model), s.ws, s.suite), base))

	broken := s.run(s.bot(bot.DefaultThreshold, withoutCitations{model}), s.ws, s.suite)
	worse := evals.Gate(broken, base)
	lost, _ := evals.Changed(broken, base)
	require.GreaterOrEqual(t, len(lost), 5)
	require.Subset(t, named(worse), lost)
	require.Contains(t, fmt.Sprint(worse), "citation_validity was 1.000 in the baseline: it is gone from the report")
	require.True(t, slices.ContainsFunc(worse, func(r evals.Regression) bool { return r.Metric == "answered_right" && r.P < 0.01 }))
}

// swapped gives two intents each other's examples.
func swapped(t *testing.T, c intent.Catalog, a, b string) intent.Catalog {
	t.Helper()
	at := func(name string) int {
		return slices.IndexFunc(c.Intents, func(i intent.Intent) bool { return i.Name == name })
	}
	i, j := at(a), at(b)
	require.True(t, i >= 0 && j >= 0)
	c.Intents[i].Examples, c.Intents[j].Examples = c.Intents[j].Examples, c.Intents[i].Examples
	return c
}

// documents are those of the shop, with their passages.
func (s *plantedShop) documents() (items []knowledge.DocumentPassages) {
	s.t.Helper()
	docs, err := s.base.Documents(s.t.Context(), s.ws, "")
	require.NoError(s.t, err)
	for _, d := range docs {
		_, ps, err := s.base.Document(s.t.Context(), s.ws, d.ID)
		require.NoError(s.t, err)
		items = append(items, knowledge.DocumentPassages{Document: d, Passages: ps})
	}
	return items
}

// reindex leaves only the words that keep says in the index, as an indexer with a wrong list of stop words would. The
// texts themselves stay whole.
func (s *plantedShop) reindex(docs []knowledge.DocumentPassages, keep func(term string) bool) {
	s.t.Helper()
	var items []knowledge.DocumentPassages
	for _, d := range docs {
		item := knowledge.DocumentPassages{Document: d.Document}
		for _, p := range d.Passages {
			p.Title, p.Text, p.Question = filtered(p.Title, keep), filtered(p.Text, keep), filtered(p.Question, keep)
			headings := make([]string, len(p.HeadingPath))
			for i, h := range p.HeadingPath {
				headings[i] = filtered(h, keep)
			}
			p.HeadingPath = headings
			if len(text.Terms(p.Title+p.Text)) == 0 {
				p.Text = "the"
			}
			item.Passages = append(item.Passages, p)
		}
		items = append(items, item)
	}
	require.NoError(s.t, s.base.ReplaceAll(s.t.Context(), s.ws, items))
	var batch pgx.Batch
	for _, d := range docs {
		for _, p := range d.Passages {
			batch.Queue(`
				UPDATE passages SET title = $4, heading_path = $5, body = $6, question = $7
				WHERE workspace_id = $1 AND document_id = $2 AND ordinal = $3`,
				s.ws, d.Document.ID, p.Ordinal, p.Title, p.HeadingPath, p.Text, p.Question)
		}
	}
	require.NoError(s.t, s.db.InTx(s.t.Context(), s.ws, func(tx pgx.Tx) error {
		return tx.SendBatch(s.t.Context(), &batch).Close()
	}))
}

// filtered keeps the words of which some term is kept; everything between words stays.
func filtered(s string, keep func(term string) bool) string {
	var b strings.Builder
	end := 0
	for _, term := range text.Terms(s) {
		if term.Start < end || keep(term.Text) {
			continue
		}
		b.WriteString(s[end:term.Start] + " ")
		end = term.End
	}
	return b.String() + s[end:]
}

// frequentContent are the n words that stand most often in the documents, function words aside.
func frequentContent(docs []knowledge.DocumentPassages, n int) map[string]bool {
	count := map[string]int{}
	for _, d := range docs {
		for _, p := range d.Passages {
			for _, term := range text.Terms(p.Text) {
				if !text.IsFunction(term.Text) {
					count[term.Text]++
				}
			}
		}
	}
	out := map[string]bool{}
	for range n {
		best := ""
		for term, c := range count {
			if best == "" || c > count[best] || c == count[best] && term < best {
				best = term
			}
		}
		out[best] = true
		delete(count, best)
	}
	return out
}

// aMark is how the prompt shows a citation.
const aMark = "[1]"

// obedient answers from the prompt, with citations only if it is told to give them.
func obedient(q llmtest.Request) (llmtest.Reply, bool) {
	answer := llmtest.Grounded(q.Messages)
	if !slices.ContainsFunc(q.Messages, func(m llm.Message) bool { return m.Role == llm.System && strings.Contains(m.Content, aMark) }) {
		answer = regexp.MustCompile(` ?\[\d+\]`).ReplaceAllString(answer, "")
	}
	return llmtest.Reply{Text: answer}, true
}

// withoutCitations is a model that gets the prompt without the rule about citations.
type withoutCitations struct{ llm.Model }

func (m withoutCitations) Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	r.Messages = slices.Clone(r.Messages)
	for i, message := range r.Messages {
		if message.Role != llm.System {
			continue
		}
		var kept []string
		for line := range strings.SplitSeq(message.Content, "\n") {
			if !strings.Contains(line, aMark) {
				kept = append(kept, line)
			}
		}
		r.Messages[i].Content = strings.Join(kept, "\n")
	}
	return m.Model.Stream(ctx, r)
}
