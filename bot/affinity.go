package bot

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/intent"
	"handrail/knowledge"
)

const (
	// affinityLife is how long a learned affinity is used before it is learned again: documents come and go.
	affinityLife = 5 * time.Minute
	// affinityDepth is how many documents an example votes for, the first with a whole vote, the second with a half...
	affinityDepth = 3
)

// affinities learns which documents deal with an intent: those that its examples find. A visitor who says "how long
// does delivery take" and means delivery times is then led to the article that most ways of asking about delivery
// times lead to, and not to the tent that takes long to pitch.
type affinities struct {
	base *knowledge.Base

	mu    sync.Mutex
	known map[affinityKey]affinity
}

type affinityKey struct {
	workspace    uuid.UUID
	intent, lang string
	model        int // version of the classifier: a new catalog has new examples
}

type affinity struct {
	documents map[uuid.UUID]float64 // share of the votes that all examples could give: low where the intent is broad
	learned   time.Time
}

// of returns the affinity of an intent in a language, learning it at the first use.
func (a *affinities) of(ctx context.Context, ws uuid.UUID, in *intent.Intent, model int, lang string) (map[uuid.UUID]float64, error) {
	key := affinityKey{ws, in.Name, lang, model}
	a.mu.Lock()
	found, ok := a.known[key]
	a.mu.Unlock()
	if ok && time.Since(found.learned) < affinityLife {
		return found.documents, nil
	}
	documents, err := a.learn(ctx, ws, in.Examples[lang], in.Label[lang], lang)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[key] = affinity{documents: documents, learned: time.Now()}
	return documents, nil
}

func (a *affinities) learn(ctx context.Context, ws uuid.UUID, examples []string, label, lang string) (map[uuid.UUID]float64, error) {
	votes := map[uuid.UUID]float64{}
	for _, e := range examples {
		r, err := a.base.Search(ctx, ws, knowledge.Query{Text: e, Topic: label, Lang: lang})
		if err != nil {
			return nil, err
		}
		seen := map[uuid.UUID]bool{}
		for _, h := range r.Hits {
			if seen[h.DocumentID] || len(seen) == affinityDepth {
				continue
			}
			seen[h.DocumentID] = true
			votes[h.DocumentID] += 1 / float64(len(seen)*len(examples))
		}
	}
	return votes, nil
}
