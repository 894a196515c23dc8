package curation

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
	"handrail/internal/text"
)

const (
	// MaxAnswer is the longest answer of a draft, in characters: it is quoted as a whole.
	MaxAnswer = 4000
	// MaxQuestion is the longest question of a draft, in characters.
	MaxQuestion = maxQuestion
	// maxCollection is the longest name of a collection, in characters.
	maxCollection = 200
)

// Edit is what a knowledge manager writes.
type Edit struct {
	Question   string // at most [MaxQuestion] characters
	Answer     string // at most [MaxAnswer] characters
	Lang       string // ISO 639-1; "" means that of the text
	Collection string // "" means [DefaultCollection]
}

// checked is the edit without what cannot be stored, its blanks filled in. Errors are of kind [errs.Invalid] and
// [errs.TooLarge].
func (e Edit) checked() (Edit, error) {
	e.Question, e.Answer, e.Collection = line(clean(e.Question)), clean(e.Answer), clean(e.Collection)
	e.Lang = strings.ToLower(clean(e.Lang))
	switch {
	case len(text.Words(e.Question)) == 0:
		return Edit{}, errs.New(errs.Invalid, "the question is empty: write what visitors ask")
	case len(text.Words(e.Answer)) == 0:
		return Edit{}, errs.New(errs.Invalid, "the answer is empty: write what visitors should read")
	case utf8.RuneCountInString(e.Question) > MaxQuestion:
		return Edit{}, errs.New(errs.TooLarge, "the question is longer than %d characters: shorten it", MaxQuestion)
	case utf8.RuneCountInString(e.Answer) > MaxAnswer:
		return Edit{}, errs.New(errs.TooLarge,
			"the answer is longer than %d characters: shorten it, or load it as a document", MaxAnswer)
	case utf8.RuneCountInString(e.Collection) > maxCollection:
		return Edit{}, errs.New(errs.TooLarge, "the collection's name is longer than %d characters", maxCollection)
	case e.Lang != "" && !isLanguage(e.Lang):
		return Edit{}, errs.New(errs.Invalid,
			"the language %q is not a code of two or three letters, such as en or zh", e.Lang)
	}
	if e.Lang == "" {
		e.Lang = text.Detect(e.Question+" "+e.Answer, "en")
	}
	if e.Collection == "" {
		e.Collection = DefaultCollection
	}
	return e, nil
}

func isLanguage(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// Create stores a draft written by hand. With the key of a group it takes over how often and in which words that was
// asked; a key that is no longer known does no harm.
func (c *Curator) Create(ctx context.Context, ws uuid.UUID, actor string, e Edit, gap string) (Draft, error) {
	e, err := e.checked()
	if err != nil {
		return Draft{}, err
	}
	d := Draft{ID: uuid.New(), Count: 1}
	if gap != "" {
		if err := c.adopt(ctx, ws, &d, gap); err != nil {
			return Draft{}, err
		}
	}
	d.Question, d.Answer, d.Lang, d.Collection = e.Question, e.Answer, e.Lang, e.Collection
	err = c.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := c.insertDraft(ctx, tx, ws, d); err != nil {
			return err
		}
		return record(ctx, tx, ws, actor, "draft.create", d)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("create a draft: %w", err)
	}
	return c.read(ctx, ws, d.ID)
}

// adopt lets a draft answer a group.
func (c *Curator) adopt(ctx context.Context, ws uuid.UUID, d *Draft, key string) error {
	groups, err := c.groups(ctx, ws, MaxDays)
	if err != nil {
		return err
	}
	if g, ok := find(groups, key); ok {
		r := g.representative()
		d.Gap, d.Count, d.Asked, d.Conversation = g.key, len(g.questions), r.text, &r.conversation
	}
	return nil
}

func (c *Curator) insertDraft(ctx context.Context, tx pgx.Tx, ws uuid.UUID, d Draft) (err error) {
	if d.contact, err = ownerOf(ctx, tx, ws, d.Conversation); err != nil {
		return err
	}
	sealed, err := c.seal(ctx, tx, ws, d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO drafts (workspace_id, id, lang, collection, count, conversation_id, contact_id, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		ws, d.ID, d.Lang, d.Collection, d.Count, d.Conversation, nullable(d.contact), sealed)
	return err
}

// record appends who did what to a draft; texts stay out of it.
func record(ctx context.Context, tx pgx.Tx, ws uuid.UUID, actor, action string, d Draft) error {
	return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: action, Target: "draft:" + d.ID.String(),
		Data: map[string]any{"collection": d.Collection, "lang": d.Lang}})
}

// Update changes a draft. One that is published is published anew, and a dismissed one is open again.
func (c *Curator) Update(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID, e Edit) (Draft, error) {
	e, err := e.checked()
	if err != nil {
		return Draft{}, err
	}
	state := Open
	err = c.locked(ctx, ws, id, func(tx pgx.Tx, d Draft) error {
		if d.State == Published || d.State == Publishing {
			state = Publishing
		}
		d.Question, d.Answer, d.Collection, d.Lang = e.Question, e.Answer, e.Collection, e.Lang
		sealed, err := c.seal(ctx, tx, ws, d)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE drafts SET state = $3, sealed = $4, lang = $5, collection = $6, updated_at = now()
			WHERE workspace_id = $1 AND id = $2`, ws, id, state, sealed, e.Lang, e.Collection)
		if err != nil {
			return err
		}
		return record(ctx, tx, ws, actor, "draft.update", d)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("update draft %s: %w", id, err)
	}
	if state == Publishing {
		if err := c.complete(ctx, ws, id); err != nil {
			return Draft{}, err
		}
	}
	return c.read(ctx, ws, id)
}
