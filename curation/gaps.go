package curation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"handrail/bot"
	"handrail/internal/audit"
	"handrail/internal/errs"
	"handrail/knowledge"
)

const (
	// MaxDays is how far back questions are looked for, in days.
	MaxDays = 90
	// maxExamples is how many questions of a group are shown.
	maxExamples = 5
	// searchers is how many groups are looked up in the base at a time.
	searchers = 4
)

// Gap is a group of near-equal questions that the bot could not answer.
type Gap struct {
	Key             string // of the representative's words; another question may represent the group later
	Question        string // the representative: the question that most others are like, personal data masked
	Lang            string // ISO 639-1
	Count           int    // questions
	FirstAt, LastAt time.Time
	Reason          string // the commonest reason of the bot's decisions
	AnsweredNow     bool   // the bot would answer the representative today
	Best            *Best  // nil where the base finds nothing
	Examples        []Example
}

// Best is what the base finds best for a question.
type Best struct {
	Document      uuid.UUID
	Title, URL    string
	Score         float64 // of the search; comparable within one search only
	Answerability float64 // estimated probability that the base holds the answer, in [0,1]
}

// Example is one question of a group.
type Example struct {
	Conversation uuid.UUID
	Question     string
	At           time.Time
}

// Gaps returns the largest groups of questions of the last days (1 to [MaxDays]) that were not dismissed, at most limit
// of them, and the number of questions in all such groups.
func (c *Curator) Gaps(ctx context.Context, ws uuid.UUID, days, limit int) ([]Gap, int, error) {
	groups, err := c.groups(ctx, ws, days)
	if err != nil {
		return nil, 0, err
	}
	groups = slices.DeleteFunc(groups, group.dismissed)
	total := 0
	for _, g := range groups {
		total += len(g.questions)
	}
	gaps := make([]Gap, min(limit, len(groups)))
	run, ctx := errgroup.WithContext(ctx)
	run.SetLimit(searchers)
	for i := range gaps {
		run.Go(func() (err error) {
			gaps[i], err = c.gapOf(ctx, ws, groups[i])
			return err
		})
	}
	return gaps, total, run.Wait()
}

func (c *Curator) groups(ctx context.Context, ws uuid.UUID, days int) ([]group, error) {
	if days < 1 || days > MaxDays {
		return nil, errs.New(errs.Invalid, "days is %d: give 1 to %d", days, MaxDays)
	}
	questions, err := c.unanswered(ctx, ws, time.Now().AddDate(0, 0, -days))
	if err != nil {
		return nil, err
	}
	return groupQuestions(questions), nil
}

// gapOf adds what the base finds now.
func (c *Curator) gapOf(ctx context.Context, ws uuid.UUID, g group) (Gap, error) {
	r := g.representative()
	gap := Gap{Key: g.key, Question: r.text, Lang: r.lang, Count: len(g.questions), FirstAt: g.questions[0].at,
		LastAt: g.last().at, Reason: g.reason(), Examples: g.examples()}
	found, err := c.c.Base.Search(ctx, ws, knowledge.Query{Text: r.text, Lang: r.lang, Limit: 1})
	if err != nil || len(found.Hits) == 0 {
		return gap, err
	}
	h := found.Hits[0]
	gap.Best = &Best{Document: h.DocumentID, Title: h.Title, URL: h.URL, Score: h.Score,
		Answerability: bot.Answerability(found.Evidence)}
	reply, err := c.c.Bot.Respond(ctx, bot.Turn{Workspace: ws, Text: r.text, Lang: r.lang})
	gap.AnsweredNow = reply.Decision == bot.Answer
	return gap, err
}

// examples are the latest questions, in different words as far as possible.
func (g group) examples() []Example {
	var list, again []Example
	seen := map[string]bool{}
	for _, q := range slices.Backward(g.questions) {
		e := Example{Conversation: q.conversation, Question: q.text, At: q.at}
		if key := keyOf(q.text); !seen[key] {
			seen[key] = true
			list = append(list, e)
		} else {
			again = append(again, e)
		}
	}
	list = append(list, again...)
	return list[:min(maxExamples, len(list))]
}

// find returns the group that the key is a wording of, also after another question came to represent it.
func find(groups []group, key string) (group, bool) {
	i := slices.IndexFunc(groups, func(g group) bool { return slices.Contains(g.wordings, key) })
	if i < 0 {
		return group{}, false
	}
	return groups[i], true
}

// DismissGap puts a group aside until somebody asks its question again. The days are those of the list that the key is
// from. The error is of kind [errs.NotFound] for a key that no question of these days has.
func (c *Curator) DismissGap(ctx context.Context, ws uuid.UUID, actor, key string, days int) error {
	groups, err := c.groups(ctx, ws, days)
	if err != nil {
		return err
	}
	g, ok := find(groups, key)
	if !ok {
		return errs.New(errs.NotFound, "there is no group %q in the last %d days: load the list again", key, days)
	}
	conversations, seqs := make([]uuid.UUID, len(g.questions)), make([]int64, len(g.questions))
	for i, q := range g.questions {
		conversations[i], seqs[i] = q.conversation, q.seq
	}
	return c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO gap_dismissals (workspace_id, conversation_id, seq)
			SELECT $1, conversation, seq FROM unnest($2::uuid[], $3::bigint[]) AS q (conversation, seq)
			ON CONFLICT DO NOTHING`, ws, conversations, seqs)
		if err != nil {
			return fmt.Errorf("dismiss a group: %w", err)
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "gap.dismiss", Target: "gap:" + key,
			Data: map[string]any{"questions": len(seqs)}})
	})
}
