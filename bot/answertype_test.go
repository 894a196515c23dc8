package bot

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/knowledge"
)

func TestFittingPassage(t *testing.T) {
	t.Parallel()
	doc, other := uuid.New(), uuid.New()
	hit := func(d uuid.UUID, score float64, s string) knowledge.Hit {
		return knowledge.Hit{Passage: knowledge.Passage{DocumentID: d, Text: s}, Score: score}
	}
	wrap := hit(doc, 1, "Press This is a gift and choose the wrapping.")
	for name, c := range map[string]struct {
		question string
		rest     []knowledge.Hit
		want     string
	}{
		"a sibling with the amount":      {"How much is gift wrapping?", []knowledge.Hit{hit(doc, .6, "It costs $4.50.")}, "It costs $4.50."},
		"Chinese":                        {"礼品包装多少钱？", []knowledge.Hit{hit(doc, .6, "每件 4.5 美元。")}, "每件 4.5 美元。"},
		"a sibling that scored too low":  {"How much is gift wrapping?", []knowledge.Hit{hit(doc, .3, "It costs $4.50.")}, wrap.Text},
		"another document is not asked":  {"How much is gift wrapping?", []knowledge.Hit{hit(other, .9, "It costs $4.50.")}, wrap.Text},
		"a question of no known type":    {"Can I have it wrapped?", []knowledge.Hit{hit(doc, .9, "It costs $4.50.")}, wrap.Text},
		"a duration is not an amount":    {"How long does wrapping take?", []knowledge.Hit{hit(doc, .9, "It costs $4.50.")}, wrap.Text},
		"the best passage has it itself": {"How much is it?", []knowledge.Hit{hit(doc, .9, "$1")}, wrap.Text},
	} {
		best := wrap
		if name == "the best passage has it itself" {
			best.Text += " Wrapping is free."
			c.want = best.Text
		}
		require.Equal(t, c.want, fitting(c.question, append([]knowledge.Hit{best}, c.rest...)).Text, name)
	}
}

func TestWordsOfTheTitleDoNotChooseTheSection(t *testing.T) {
	t.Parallel()
	section := func(heading, body string, score float64) knowledge.Hit {
		return knowledge.Hit{Score: score, Passage: knowledge.Passage{Title: "Rain jacket: features and washing",
			HeadingPath: []string{heading}, Text: body}}
	}
	hits := []knowledge.Hit{section("How to wash it", "Machine, 30 degrees, gentle cycle.", 1),
		section("No longer rolls off", "Wash the jacket, then heat it. A dark jacket does not mean that rain comes in.", .8)}
	require.Equal(t, hits[0], fitting("How do I wash the rain jacket?", hits))
	require.Equal(t, hits[1], fitting("Why is the rain jacket dark?", hits))
}
