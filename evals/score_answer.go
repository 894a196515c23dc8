package evals

import (
	"fmt"
	"slices"
	"strings"

	"handrail/bot"
	"handrail/internal/text"
)

// scoreSources scores whether an answer cites what it must.
func scoreSources(c Case, r bot.Reply) Score {
	var s Score
	if r.Decision != bot.Answer {
		return s
	}
	if len(c.Sources) > 0 {
		cited := slices.ContainsFunc(r.Citations, func(x bot.Citation) bool { return matchesAny(x.Source, c.Sources) })
		s.Scores = map[string]float64{"cited_source": truth(cited)}
		if !cited {
			s.Failures = append(s.Failures, fmt.Sprintf("cites %v, expected %v", sources(r), c.Sources))
		}
	}
	if len(r.Citations) == 0 && r.Reason != bot.ReasonFixedReply {
		s.Failures = append(s.Failures, "answers without a citation")
	}
	return s
}

// scoreFacts scores what an answer must say, and what no reply may say.
func scoreFacts(c Case, r bot.Reply) Score {
	s := Score{Scores: map[string]float64{}}
	if r.Decision == bot.Answer && len(c.Facts) > 0 {
		var said float64
		for _, alternatives := range c.Facts {
			if slices.ContainsFunc(alternatives, func(f string) bool { return contains(r.Text, f) }) {
				said++
				continue
			}
			s.Failures = append(s.Failures, fmt.Sprintf(`the reply lacks "%s"`, strings.Join(alternatives, `" or "`)))
		}
		s.Scores["facts"] = said / float64(len(c.Facts))
	}
	if len(c.Forbidden) > 0 {
		clean := true
		for _, f := range c.Forbidden {
			if contains(r.Text, f) {
				clean = false
				s.Failures = append(s.Failures, fmt.Sprintf("the reply holds %q", f))
			}
		}
		s.Scores["forbidden_avoided"] = truth(clean)
	}
	return s
}

// scoreLanguage scores whether a reply is in the language that is expected. A text too short to tell counts as right.
func scoreLanguage(c Case, r bot.Reply) Score {
	if c.Lang == "" || r.Text == "" {
		return Score{}
	}
	got := text.Detect(citationMark.ReplaceAllString(r.Text, ""), c.Lang)
	s := Score{Scores: map[string]float64{"reply_language": truth(got == c.Lang)}}
	if got != c.Lang {
		s.Failures = []string{fmt.Sprintf("replies in %s, expected %s", got, c.Lang)}
	}
	return s
}
