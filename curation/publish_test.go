package curation

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

func (w *world) draft() Draft {
	w.t.Helper()
	d, err := w.Create(w.t.Context(), w.ws, "user:1", Edit{Question: "Do you sell unicycles?",
		Answer: "We sell unicycles in three sizes."}, "")
	require.NoError(w.t, err)
	return d
}

func TestPublishEditMoveDismiss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft()
	require.Equal(t, "en", d.Lang)
	require.Equal(t, "faq", d.Collection)
	require.NotContains(t, w.found("unicycles"), "faq:"+d.URI(), "a draft is not searchable")

	published, err := w.Publish(t.Context(), w.ws, "user:2", d.ID)
	require.NoError(t, err)
	require.Equal(t, Published, published.State)
	require.Equal(t, "faq:"+d.URI(), w.found("unicycles")[0])
	for _, s := range published.Similar {
		require.NotEqual(t, *published.Document, s.Document, "a draft is not similar to itself")
	}
	again, err := w.Publish(t.Context(), w.ws, "user:2", d.ID)
	require.NoError(t, err)
	require.Equal(t, published.Document, again.Document)

	moved, err := w.Update(t.Context(), w.ws, "user:2", d.ID, Edit{Question: "Do you sell unicycles?",
		Answer: "Unicycles are sold out.", Collection: "shop", Lang: "en"})
	require.NoError(t, err)
	require.Equal(t, Published, moved.State)
	require.Contains(t, w.found("unicycles"), "shop:"+d.URI())
	require.NotContains(t, w.found("unicycles"), "faq:"+d.URI(), "it moved")
	_, passages, err := w.base.Document(t.Context(), w.ws, *moved.Document)
	require.NoError(t, err)
	require.Equal(t, "Unicycles are sold out.", passages[0].Text)
	cases, err := w.Cases(t.Context(), w.ws)
	require.NoError(t, err)
	require.Equal(t, []Case{{ID: "draft-" + d.ID.String(), Question: "Do you sell unicycles?", Lang: "en", Source: d.URI()}}, cases)

	gone, err := w.Dismiss(t.Context(), w.ws, "user:3", d.ID)
	require.NoError(t, err)
	require.Equal(t, Dismissed, gone.State)
	require.Nil(t, gone.Document)
	require.Zero(t, w.count("reviewed_cases"))
	require.NotContains(t, w.found("unicycles"), "shop:"+d.URI())
	_, err = w.Publish(t.Context(), w.ws, "user:2", d.ID)
	require.True(t, errs.Is(err, errs.Conflict))
	back, err := w.Update(t.Context(), w.ws, "user:2", d.ID, Edit{Question: "Do you sell unicycles?", Answer: "They are back."})
	require.NoError(t, err)
	require.Equal(t, Open, back.State)

	var deeds []string
	w.query(&deeds, `
		SELECT array_agg(actor || ' ' || action ORDER BY id) FROM audit_log
		WHERE workspace_id = $1 AND target = 'draft:' || $2::text`, w.ws, d.ID)
	require.Equal(t, []string{"user:1 draft.create", "user:2 draft.publish", "user:2 draft.publish", "user:2 draft.update",
		"user:3 draft.dismiss", "user:2 draft.update"}, deeds)
}

func TestAnInterruptedPublicationIsCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft()
	// What a node leaves behind that dies before, and one that dies after the base has taken the document.
	for _, stored := range []bool{false, true} {
		w.exec(`UPDATE drafts SET state = 'publishing', document_id = NULL, updated_at = now() - interval '1 minute'
			WHERE workspace_id = $1`, w.ws)
		if stored {
			_, err := w.store(t.Context(), w.ws, d)
			require.NoError(t, err)
		}
		require.Equal(t, Publishing, w.open()[0].State)
		require.NoError(t, w.node().resume(t.Context()))
		require.Empty(t, w.open())
		require.Equal(t, "faq:"+d.URI(), w.found("unicycles")[0])
		require.Equal(t, 1, w.count("reviewed_cases"))
	}
}

// interrupted leaves what a node leaves that dies between the base's transaction and its own.
func (w *world) interrupted(d Draft) {
	w.t.Helper()
	w.exec(`UPDATE drafts SET state = 'publishing' WHERE workspace_id = $1 AND id = $2`, w.ws, d.ID)
	_, err := w.store(w.t.Context(), w.ws, d)
	require.NoError(w.t, err)
}

func TestAnInterruptedPublicationLeavesNoOrphan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft()
	w.interrupted(d)
	moved, err := w.Update(t.Context(), w.ws, "user:1", d.ID, Edit{Question: d.Question, Answer: d.Answer, Collection: "help"})
	require.NoError(t, err)
	require.Equal(t, Published, moved.State)
	require.Contains(t, w.found("unicycles"), "help:"+d.URI())
	require.NotContains(t, w.found("unicycles"), "faq:"+d.URI())

	other := w.draft()
	w.interrupted(other)
	w.exec(`UPDATE drafts SET collection = 'help' WHERE workspace_id = $1 AND id = $2`, w.ws, other.ID)
	_, err = w.Dismiss(t.Context(), w.ws, "user:1", other.ID)
	require.NoError(t, err)
	docs, err := w.base.DocumentsOf(t.Context(), w.ws, other.URI())
	require.NoError(t, err)
	require.Empty(t, docs)
	w.interrupted(other)
	w.exec(`UPDATE drafts SET state = 'dismissed' WHERE workspace_id = $1 AND id = $2`, w.ws, other.ID)
	_, err = w.Dismiss(t.Context(), w.ws, "user:1", other.ID)
	require.NoError(t, err)
	docs, err = w.base.DocumentsOf(t.Context(), w.ws, other.URI())
	require.NoError(t, err)
	require.Empty(t, docs, "also of one that was dismissed by a version that forgot it")
}

func TestTheLastWordingWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft()
	nodes := []*Curator{w.Curator, w.node()}
	var editors sync.WaitGroup
	for i := range 24 { // more than there are connections
		node := nodes[i%2]
		editors.Go(func() {
			_, err := node.Update(t.Context(), w.ws, "user:1", d.ID, Edit{Question: "Do you sell unicycles?",
				Answer: fmt.Sprintf("We sell unicycles in %d sizes.", i)})
			require.NoError(t, err)
			_, err = node.Publish(t.Context(), w.ws, "user:1", d.ID)
			require.NoError(t, err)
		})
	}
	editors.Wait()
	last, err := w.read(t.Context(), w.ws, d.ID)
	require.NoError(t, err)
	require.Equal(t, Published, last.State)
	_, passages, err := w.base.Document(t.Context(), w.ws, *last.Document)
	require.NoError(t, err)
	require.Equal(t, last.Answer, passages[0].Text)
	require.Equal(t, 1, w.count("reviewed_cases"))
}

func TestEditsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, e := range map[string]Edit{
		"no question": {Answer: "Something."}, "no answer": {Question: "Why?", Answer: " \x00 "},
		"no words": {Question: "?!", Answer: "Something."}, "language": {Question: "Why?", Answer: "So.", Lang: "english"},
	} {
		_, err := w.Create(t.Context(), w.ws, "user:1", e, "")
		require.True(t, errs.Is(err, errs.Invalid), name)
	}
	_, err := w.Update(t.Context(), w.ws, "user:1", uuid.New(), Edit{Question: "Why?", Answer: "So it is."})
	require.True(t, errs.Is(err, errs.NotFound))
	_, err = w.Drafts(t.Context(), w.ws, "lost")
	require.True(t, errs.Is(err, errs.Invalid))
}

func TestALongListOfDraftsIsSearchedInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.db.InTx(t.Context(), w.ws, func(tx pgx.Tx) error {
		for range maxSearched + 1 {
			d := Draft{ID: uuid.New(), Question: "Can I return a bicycle?", Answer: "Yes.", Lang: "en", Collection: "faq", Count: 1}
			if err := w.insertDraft(t.Context(), tx, w.ws, d); err != nil {
				return err
			}
		}
		return nil
	}))
	list := w.open()
	require.Len(t, list, maxSearched+1)
	require.NotEmpty(t, list[maxSearched-1].Similar)
	require.Nil(t, list[maxSearched].Similar)
}
