package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/knowledge"
)

func shopHits() []knowledge.Hit {
	var hits []knowledge.Hit
	for _, a := range articles() {
		hits = append(hits, knowledge.Hit{Passage: knowledge.Passage{Title: a.title, Text: a.text, Question: a.question}})
	}
	return hits
}

// ground runs an answer through a grounder in the given pieces and returns what is kept and what was shown.
func ground(hits []knowledge.Hit, pieces ...string) (*grounder, string) {
	var seen screen
	g := &grounder{hits: hits, emit: seen.show}
	for _, p := range pieces {
		g.take(p)
	}
	g.finish()
	return g, seen.text()
}

// screen is what a visitor sees of a streamed answer.
type screen struct {
	runes []rune
	most  int // the most characters seen at any time
}

func (s *screen) show(offset int, text string) {
	s.runes = append(s.runes[:offset:offset], []rune(text)...)
	s.most = max(s.most, len(s.runes))
}

func (s *screen) text() string { return string(s.runes) }

func TestGrounding(t *testing.T) {
	t.Parallel()
	const returns = "You can return a bicycle within 30 days [1]."
	for name, test := range map[string]struct{ answer, want string }{
		"supported":                        {returns, returns},
		"mark after the full stop":         {"You can return a bicycle within 30 days. [1] Returns are free.", "You can return a bicycle within 30 days. [1]"},
		"two marks after the full stop":    {"Returns are free. [1] [2] Made up entirely here.", "Returns are free. [1] [2]"},
		"lead-in without a claim":          {"Yes. " + returns, "Yes. " + returns},
		"marks are renumbered":             {"A gift card is valid for three years [4]. " + returns, "A gift card is valid for three years [1]. You can return a bicycle within 30 days [2]."},
		"Chinese":                          {"自行车签收后三十天内可以退货[7]。运费由我们承担。[7]", "自行车签收后三十天内可以退货[1]。运费由我们承担。[1]"},
		"list":                             {"- Returns are free [1].\n- Wholly invented offer for you [1].\n- The refund arrives within 5 working days [1].", "- Returns are free [1].\n- The refund arrives within 5 working days [1]."},
		"wrong number":                     {"You can return a bicycle within 60 days [1]. " + returns, returns},
		"invented link":                    {"You can return a bicycle at https://evil.example/x [1]. " + returns, returns},
		"invented bare domain":             {"You can return a bicycle within 30 days at evil.example [1]. " + returns, returns},
		"true link":                        {"Register the frame at https://linden.example/frames [2].", "Register the frame at https://linden.example/frames [1]."},
		"invented e-mail":                  {"You can return a bicycle by delivery@evil.example [1]. " + returns, returns},
		"no mark":                          {"You can return a bicycle within 30 days of delivery. " + returns, returns},
		"mark of a passage that is not":    {"You can return a bicycle within 30 days [9]. " + returns, returns},
		"mark of the wrong passage":        {"You can return a bicycle within 30 days [3]. " + returns, returns},
		"one true mark and one that isn't": {"Returns are free [1][9].", "Returns are free [1]."},
		"mark zero":                        {"Returns are free of charge [0].", ""},
		"own knowledge":                    {"The Eiffel tower stands in Paris since long ago [1]. " + returns, returns},
		"short claim with a number":        {"60 days. " + returns, returns},
		"short claim with a domain":        {"Visit evil.example. " + returns, returns},
		"bracket that is no mark":          {returns + " [Note] members pay no fees whatsoever anywhere. Returns are free [1].", returns + " Returns are free [1]."},
		"refusal":                          {"NO_ANSWER", ""},
		"refusal with more":                {"NO_ANSWER. " + returns, ""},
		"only a lead-in":                   {"Certainly!", ""},
		"nothing":                          {" \n ", ""},
		"empty question in the FAQ is fine": {"Put a heel on the pedal and sit on the saddle [6].",
			"Put a heel on the pedal and sit on the saddle [1]."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := ground(shopHits(), test.answer)
			require.Equal(t, test.want, g.text())
			for i, c := range g.citations() {
				require.Equal(t, i+1, c.N)
			}
		})
	}
}

// answers hold every form of sentence end, mark and white space next to each other.
func answers() []string {
	return []string{
		"Yes. You can return a bicycle within 30 days [1]. Returns are free. [1] [2] A gift card is valid for three years [4].",
		"自行车签收后三十天内可以退货[7]。运费由我们承担。[7]\n好的。NO_ANSWER",
		"- Returns are free [1].\n- Frames carry a warranty of 10 years. [2].\n1. The refund arrives within 5 working days [1][4]!\n",
		"Returns are free? [1]\n[2] Then see [this](https://linden.example/frames). [Note] Returns are free. [12] [3x] [1",
		"It costs 4.90 EUR e.g. for returns. Returns are free of charge. [1].Returns [1]. ... [1] !? Returns are free [1]…",
	}
}

func TestAnswerCutAnywhereIsTheSame(t *testing.T) {
	t.Parallel()
	for _, answer := range answers() {
		want, seen := ground(shopHits(), answer)
		for cut := range len(answer) {
			got, shown := ground(shopHits(), answer[:cut], answer[cut:])
			require.Equal(t, want.text(), got.text(), "cut after %q", answer[:cut])
			require.Equal(t, want.share(), got.share(), "cut after %q", answer[:cut])
			require.Equal(t, seen, shown, "cut after %q", answer[:cut])
		}
	}
}

func TestAnswerInAnyPiecesIsTheSame(t *testing.T) {
	t.Parallel()
	fragments := []string{"Returns are free", " of charge", ".", "。", "!", "?", " ", "\n", "[1]", "[2]", "[9]", "[", "]", "1", "12",
		"Yes", "三十天内可以退货", "，", "\u3000", "- ", "30 days", "4.90", "https://linden.example/frames", "NO_ANSWER", "e.g.", "\u00a0"}
	rapid.Check(t, func(t *rapid.T) {
		answer := strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 25).Draw(t, "fragments"), "")
		var pieces []string
		for rest := []rune(answer); len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 6).Draw(t, "piece"))
			pieces, rest = append(pieces, string(rest[:n])), rest[n:]
		}
		want, seen := ground(shopHits(), answer)
		got, shown := ground(shopHits(), pieces...)
		if want.text() != got.text() || seen != shown {
			t.Fatalf("%q in pieces %q: kept %q, in one piece %q", answer, pieces, got.text(), want.text())
		}
		if final := want.text(); final != "" && strings.TrimSpace(seen) != final {
			t.Fatalf("%q: shown %q, final %q", answer, seen, final)
		}
	})
}

func TestNumbersStandAsAWhole(t *testing.T) {
	t.Parallel()
	source := "30 days, 4.90 eur, 1,500 km, 9:00-17:00, a4, 15元, https://linden.example/frames, help@linden.example, 2.5"
	for literal, want := range map[string]bool{
		"30": true, "3": false, "0": false, "4.90": true, "4": true, "90": false, "4.9": false, "1,500": true, "500": false, "1": false,
		"9:00": true, "17:00": true, "15": true, "5": false, "2.5": true, "2": false, "https://linden.example/frames": true,
		"https://linden.example/frame": false, "elp@linden.example": false, "linden.example": true, "": true,
	} {
		require.Equal(t, want, stands(source, literal), literal)
	}
	require.True(t, stands("130 or 30", "30"), "a later place counts")
	require.True(t, stands("7", "7"))
}

func TestLinksMustBeCopied(t *testing.T) {
	t.Parallel()
	hits := []knowledge.Hit{{Passage: knowledge.Passage{Title: "登记", Text: "请在 https://linden.example/frames 登记车架，或写信到 help@linden.example。"}}}
	for sentence, want := range map[string]bool{
		"请在https://linden.example/frames登记车架[1]。":         true,
		"请在 https://linden.example/frames，登记车架[1]。":       true,
		"请在 [这里](https://linden.example/frames) 登记车架[1]。": true,
		"登记车架请写信到help@linden.example[1]。":                 true,
		"请在 linden.example 登记车架[1]。":                      true,
		"请在https://linden.example/frames/free登记车架[1]。":    false,
		"请在http://linden.example/frames登记车架[1]。":          false,
		"请在 linden.example.evil.example 登记车架[1]。":         false,
		"登记车架请写信到hel@linden.example.evil[1]。":             false,
		"请在 https://linden.example/frames 登记车架，费用9元[1]。":  false,
	} {
		require.Equal(t, want, supported(sentence, hits), sentence)
	}
}
