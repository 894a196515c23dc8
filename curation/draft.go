package curation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"handrail/internal/errs"
	"handrail/knowledge"
)

// State is where a draft stands; the package comment shows the transitions.
type State string

// The states of a draft.
const (
	Open       State = "open"
	Publishing State = "publishing" // on its way into the base; any node completes it
	Published  State = "published"
	Dismissed  State = "dismissed"
)

// DefaultCollection is where drafts are published unless the knowledge manager says otherwise.
const DefaultCollection = "faq"

const (
	// maxDrafts bounds a list of drafts.
	maxDrafts = 200
	// maxSearched is how many drafts of a list are looked up in the base: each costs a search.
	maxSearched = 50
	// maxSimilar is how many documents are shown beside a draft.
	maxSimilar = 3
)

// Draft is a question with an answer, before or after its review.
type Draft struct {
	ID           uuid.UUID
	State        State
	Question     string
	Answer       string
	Lang         string // ISO 639-1
	Collection   string // where it is published
	Asked        string // the visitor's own words, personal data masked; "" where nobody asked
	Gap          string // key of the group that it answers, "" for none
	Count        int    // how often it was asked
	Conversation *uuid.UUID
	Document     *uuid.UUID // nil before the first publication
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Similar      []Similar // nil where the base was not asked; see [Curator.Drafts]

	contact uuid.UUID // for whom it is sealed; the zero id = for the workspace
}

// Similar is a passage that may say the same as a draft already.
type Similar struct {
	Document             uuid.UUID
	Title, URL, Question string
	Text                 string
	Score                float64 // of the search; comparable within one draft only
}

// URI names the draft's document within its collection.
func (d Draft) URI() string { return "drafts/" + d.ID.String() }

// Drafts lists the drafts in a state, those asked most first, at most 200. Drafts that are being published stand among
// the open ones. The base is asked for what is similar to the first 50; whatever returns a single draft asks it too.
func (c *Curator) Drafts(ctx context.Context, ws uuid.UUID, state State) ([]Draft, error) {
	states := []State{state}
	switch state {
	case Open:
		states = append(states, Publishing)
	case Published, Dismissed:
	default:
		return nil, errs.New(errs.Invalid, "the state %q is unknown: use open, published or dismissed", state)
	}
	var list []Draft
	err := c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		var err error
		list, err = c.drafts(ctx, tx, ws, `
			SELECT `+draftColumns+` FROM drafts WHERE workspace_id = $1 AND state = ANY ($2)
			ORDER BY count DESC, updated_at DESC, id LIMIT $3`, ws, states, maxDrafts)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	run, ctx := errgroup.WithContext(ctx)
	run.SetLimit(searchers)
	for i := range min(maxSearched, len(list)) {
		run.Go(func() error { return c.addSimilar(ctx, ws, &list[i]) })
	}
	return list, run.Wait()
}

// read returns one draft as it is now.
func (c *Curator) read(ctx context.Context, ws, id uuid.UUID) (Draft, error) {
	var d Draft
	err := c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		var err error
		d, err = c.draft(ctx, tx, ws, `SELECT `+draftColumns+` FROM drafts WHERE workspace_id = $1 AND id = $2`, ws, id)
		return err
	})
	if err != nil {
		return Draft{}, fmt.Errorf("read draft %s: %w", id, err)
	}
	return d, c.addSimilar(ctx, ws, &d)
}

// addSimilar looks for passages that may say the same, other than the draft's own.
func (c *Curator) addSimilar(ctx context.Context, ws uuid.UUID, d *Draft) error {
	found, err := c.c.Base.Search(ctx, ws, knowledge.Query{Text: d.Question, Lang: d.Lang, Limit: maxSimilar + 1})
	if err != nil {
		return err
	}
	d.Similar = []Similar{}
	for _, h := range found.Hits {
		if len(d.Similar) == maxSimilar || d.Document != nil && h.DocumentID == *d.Document {
			continue
		}
		d.Similar = append(d.Similar, Similar{Document: h.DocumentID, Title: h.Title, URL: h.URL, Question: h.Question,
			Text: clip(h.Text, maxQuestion), Score: h.Score})
	}
	return nil
}
