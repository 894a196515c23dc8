package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"handrail/intent"
	"handrail/internal/text"
	"handrail/knowledge"
)

// taken returns the turn as the visitor means it who took a choice: what was in doubt and the choice are one question. A
// turn that takes none is returned as it is.
func taken(t Turn) Turn {
	said := strings.TrimSpace(text.Normalize(t.Text))
	for _, c := range lastClarification(t) {
		if strings.TrimSpace(text.Normalize(c.Label)) != said {
			continue
		}
		asked := slices.IndexFunc(t.History, func(u Utterance) bool { return slices.Contains(u.Choices, c) })
		if asked > 0 && t.History[asked-1].FromVisitor {
			t.Text = t.History[asked-1].Text + "\n" + t.Text
			t.History = t.History[:asked-1]
		}
		t.chosen = &c
		break
	}
	return t
}

// chosenIntent returns the intent that was chosen, nil for none.
func (b *Bot) chosenIntent(ctx context.Context, t Turn) (*intent.Intent, error) {
	if t.chosen == nil {
		return nil, nil
	}
	name, ok := strings.CutPrefix(t.chosen.ID, "intent:")
	if !ok {
		return nil, nil
	}
	return b.c.Classifier.Intent(ctx, t.Workspace, name)
}

// chosenDocument returns the document that was chosen, [uuid.Nil] for none.
func chosenDocument(t Turn) uuid.UUID {
	if t.chosen == nil {
		return uuid.Nil
	}
	name, _ := strings.CutPrefix(t.chosen.ID, "document:")
	id, err := uuid.Parse(name)
	if err != nil {
		return uuid.Nil // an intent was chosen
	}
	return id
}

// first puts the passages of a document before all others.
func first(document uuid.UUID, hits []knowledge.Hit) {
	if document == uuid.Nil {
		return
	}
	slices.SortStableFunc(hits, func(a, b knowledge.Hit) int {
		return int(truth(b.DocumentID == document) - truth(a.DocumentID == document))
	})
}
