// Package curation finds what the knowledge base cannot answer yet, and brings people's answers into it.
//
// Tables: gap_dismissals, drafts, draft_sources, reviewed_cases. It reads turns, messages, handoffs and assignments,
// which belong to others.
//
// A gap is a group of near-equal questions that the bot could not answer for lack of knowledge. Gaps are not stored:
// they are grouped from the recorded turns whenever they are read.
//
// A draft is a question with an answer, offered for review:
//
//	an agent closes or returns                    Publish                      Base.Replace
//	an escalated conversation --+--> open ----------------------> publishing --------------> published
//	Create, by hand or for a gap +     | ^                            ^                        |   |
//	                                   | | Update                     +------- Update ---------+   |
//	                                   v |                                                         |
//	                               dismissed <-----------------------------------------------------+
//
// Guarantees:
//
//   - An ended handoff is looked at once, whatever number of nodes do so and whenever they die: its row in
//     draft_sources and the draft commit together.
//   - A question like that of an open draft raises the draft's count and makes no other.
//   - A published draft is searchable as one FAQ document, "drafts/<id>". If the node dies while it is being published,
//     another resumes. Whoever publishes holds the draft's row, so an older wording never replaces a newer one.
//   - Personal data that [Config].Mask knows is masked before anything is stored or shown.
//   - Nothing that a visitor or an agent wrote is searchable before a knowledge manager has published it.
package curation

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/bot"
	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/knowledge"
)

// Responder says what the bot would do about a message; [bot.Bot] is one. Give one without a model: it is asked once
// for every group that is listed.
type Responder interface {
	Respond(ctx context.Context, t bot.Turn) (bot.Reply, error)
}

// Config is what a [Curator] works with. All fields are needed unless said otherwise.
type Config struct {
	DB     *postgres.DB
	Base   *knowledge.Base
	Bot    Responder
	Mask   func(string) string // puts a word in square brackets in place of personal data
	Logger *slog.Logger
	Poll   time.Duration // how often the worker looks without being woken; 0 means 5 s
}

// Curator keeps gaps and drafts. It is safe for concurrent use, by any number of nodes on one database; a node has one.
type Curator struct {
	c    Config
	wake chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup

	editing chan struct{} // see locked
}

// New returns a curator whose worker has not started.
func New(c Config) *Curator {
	if c.Poll == 0 {
		c.Poll = 5 * time.Second
	}
	return &Curator{c: c, wake: make(chan struct{}, 1), stop: func() {}, editing: make(chan struct{}, 1)}
}

// locked runs fn in a transaction that holds a draft, which is none of another node's or request's meanwhile. One such
// transaction runs on a node at a time: it may need a second connection for the base, and if as many requests as there are
// connections waited for a draft, it would never get one.
func (c *Curator) locked(ctx context.Context, ws, id uuid.UUID, fn func(tx pgx.Tx, d Draft) error) error {
	select {
	case c.editing <- struct{}{}:
		defer func() { <-c.editing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		d, err := c.draft(ctx, tx, ws, `
			SELECT `+draftColumns+` FROM drafts WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, ws, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.NotFound, "there is no draft %s", id)
		}
		if err != nil {
			return err
		}
		return fn(tx, d)
	})
}

// clean takes out what the database cannot store, and the white space around the text.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}

// clip shortens s to at most n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}

// line is s on one line.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }
