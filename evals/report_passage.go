package evals

import (
	"strings"

	"handrail/bot"
	"handrail/knowledge"
)

// maxExcerpt is how much of a passage a report shows, in characters.
const maxExcerpt = 300

// Passage is a passage that the bot had before it when it decided.
type Passage struct {
	Title string             `json:"title"` // with the heading path, " > " between levels
	URI   string             `json:"uri"`
	Score float64            `json:"score"` // comparable within one result only
	Parts map[string]float64 `json:"parts"` // what Score is made of; parts of 0 are left out
	Text  string             `json:"text"`  // the first 300 characters
}

// passagesOf describes what was found for a reply, best first; never nil.
func passagesOf(r bot.Reply) []Passage {
	out := make([]Passage, 0, len(r.Passages))
	for _, h := range r.Passages {
		title := strings.Join(append([]string{h.Title}, h.HeadingPath...), " > ")
		out = append(out, Passage{Title: title, URI: h.URI, Score: round(h.Score), Parts: partsOf(h.Parts),
			Text: clipped(h.Text, maxExcerpt)})
	}
	return out
}

func partsOf(p knowledge.Parts) map[string]float64 {
	parts := map[string]float64{"lexical": p.Lexical, "label": p.Label, "dense": p.Dense, "favoured": p.Favoured,
		"language": p.Language, "focus": p.Focus, "wording": p.Wording, "contrast": p.Contrast}
	for name, v := range parts {
		if parts[name] = round(v); parts[name] == 0 {
			delete(parts, name)
		}
	}
	return parts
}
