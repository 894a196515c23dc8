package bot

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/google/uuid"

	"handrail/intent"
	"handrail/internal/text"
	"handrail/knowledge"
)

// reading is one way to understand a message.
type reading struct {
	choice Choice
	weight float64 // in [0, 1]
}

const (
	// likelyShare is the least share of the best intent's probability, and documentShare that of the best document's
	// score, with which a message may be meant so. Of a message that names no thing, the likeliest fewIntents may all be
	// meant: how sure the classifier is rests on the wording of its examples then.
	likelyShare   = 0.02
	documentShare = 0.3
	fewIntents    = 3
	// asideWeight is what the readings count that a message suggests less: documents where it names no thing, intents
	// where it does.
	asideWeight = 0.6
	// broadWeight is what an intent counts whose examples lead here and there ("a question about a product"): to choose it
	// says little.
	broadWeight = 0.3
	// alike is the share of common words from which on two labels look the same.
	alike = 0.5
	// coveredShare is the share of an intent's examples that lead to a document from which on it is the same reading.
	coveredShare = 0.3
)

// choices returns the readings of a vague message to choose from, the likeliest first. What the message names is looked
// up by itself, and r holds what was found.
func (b *Bot) choices(ctx context.Context, t Turn, r *Reply, said specificity) ([]Choice, error) {
	intents, covered, err := b.intentReadings(ctx, t.Workspace, r, said)
	if err != nil {
		return nil, err
	}
	if said.things > 0 {
		found, err := b.c.Base.Search(ctx, t.Workspace, knowledge.Query{Text: said.named, Lang: r.Lang})
		if err != nil {
			return nil, err
		}
		r.Passages = found.Hits
	}
	documents := documentReadings(r, covered)
	if said.things > 0 {
		scale(intents, asideWeight)
	} else {
		scale(documents, asideWeight)
	}
	all := append(intents, documents...)
	slices.SortStableFunc(all, func(a, b reading) int { return cmp.Compare(b.weight, a.weight) })
	var choices []Choice
	for _, x := range all {
		if len(choices) < maxChoices && !slices.ContainsFunc(choices, func(c Choice) bool { return sameLabel(c.Label, x.choice.Label) }) {
			choices = append(choices, x.choice)
		}
	}
	return choices, nil
}

func scale(readings []reading, by float64) {
	for i := range readings {
		readings[i].weight *= by
	}
}

// intentReadings returns the likely intents that are answered and have a label in the visitor's language, and the
// documents that these stand for.
func (b *Bot) intentReadings(ctx context.Context, ws uuid.UUID, r *Reply, said specificity) (readings []reading, covered map[uuid.UUID]bool, err error) {
	covered = map[uuid.UUID]bool{}
	for _, a := range r.Intent.Alternatives {
		unlikely := a.Probability < likelyShare*r.Intent.Alternatives[0].Probability
		if len(readings) == fewIntents || said.things > 0 && (unlikely || r.Intent.OutOfScope > 0.5) {
			break
		}
		in, err := b.c.Classifier.Intent(ctx, ws, a.Name)
		if err != nil {
			return nil, nil, err
		}
		if in == nil || in.Policy != intent.PolicyAnswer || in.Label[r.Lang] == "" {
			continue
		}
		documents, err := b.affinities.of(ctx, ws, in, r.Intent.Model, r.Lang)
		if err != nil {
			return nil, nil, err
		}
		weight := math.Sqrt(a.Probability / r.Intent.Alternatives[0].Probability)
		broad := true
		for id, share := range documents {
			covered[id] = covered[id] || share >= coveredShare
			broad = broad && share < coveredShare
		}
		if broad {
			weight *= broadWeight
		}
		readings = append(readings, reading{Choice{ID: "intent:" + a.Name, Label: in.Label[r.Lang]}, weight})
	}
	return readings, covered, nil
}

// documentReadings returns the documents found, without those that are covered.
func documentReadings(r *Reply, covered map[uuid.UUID]bool) []reading {
	seen := map[uuid.UUID]bool{}
	var readings []reading
	for _, h := range r.Passages {
		label := choiceLabel(h)
		if seen[h.DocumentID] || covered[h.DocumentID] || label == "" || h.Lang != "" && h.Lang != r.Lang ||
			h.Score < documentShare*r.Passages[0].Score {
			continue
		}
		seen[h.DocumentID] = true
		readings = append(readings, reading{Choice{ID: "document:" + h.DocumentID.String(), Label: label},
			h.Score / r.Passages[0].Score})
	}
	return readings
}

// choiceLabel names what a passage is about: in a list of questions the question that it answers, else the title of its
// document.
func choiceLabel(h knowledge.Hit) string {
	if h.Question != "" && !slices.Contains(h.HeadingPath, h.Question) {
		return h.Question
	}
	return h.Title
}

// sameLabel reports whether two labels would look the same to a visitor.
func sameLabel(a, b string) bool {
	x, y := contentOf(a), contentOf(b)
	var common float64
	for term := range x {
		common += truth(y[term])
	}
	return common >= alike*(float64(len(x)+len(y))-common)
}

func contentOf(s string) map[string]bool {
	set := map[string]bool{}
	for term := range termSet(s) {
		if !text.IsFunction(term) {
			set[term] = true
		}
	}
	return set
}
