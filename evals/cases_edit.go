package evals

import (
	"slices"
	"strings"
	"unicode/utf8"

	"handrail/bot"
	"handrail/intent"
	"handrail/internal/errs"
	"handrail/internal/text"
)

const (
	// maxCaseText is the longest question, message, source, fact or tag of a case, in characters.
	maxCaseText = 4000
	// maxCaseList is the longest list of a case.
	maxCaseList = 50
)

// CaseEdit is what somebody says about a case; what is nil stays as it is. Question and history are masked like those
// that are taken from a turn: people copy what they see.
type CaseEdit struct {
	Question *string // at most 4,000 characters, like every text here
	Decision *bot.Decision
	Lang     *string // ISO 639-1
	History  []string
	Sources  []string   // ends of source paths, of which an answer must cite one; none: any will do
	Facts    [][]string // of each list, one text must stand in the reply
	Tags     []string
}

// apply changes c, or says what is wrong with the edit, as [errs.Invalid] or [errs.TooLarge].
func (e CaseEdit) apply(c *StoredCase) error {
	if e.Question != nil {
		c.Question = intent.Mask(tidy(*e.Question))
	}
	if e.Decision != nil {
		c.Decision = *e.Decision
	}
	if e.Lang != nil {
		c.Lang = strings.ToLower(tidy(*e.Lang))
	}
	if e.History != nil {
		c.History = tidyAll(e.History)
		for i, said := range c.History {
			c.History[i] = intent.Mask(said)
		}
	}
	if e.Sources != nil {
		c.Sources = tidyAll(e.Sources)
	}
	if e.Tags != nil {
		c.Tags = tidyAll(e.Tags)
	}
	if e.Facts != nil {
		c.Facts = [][]string{}
		for _, alternatives := range e.Facts {
			if kept := tidyAll(alternatives); len(kept) > 0 {
				c.Facts = append(c.Facts, kept)
			}
		}
	}
	return c.check()
}

func (c StoredCase) check() error {
	switch {
	case len(text.Words(c.Question)) == 0:
		return errs.New(errs.Invalid, "the question is empty: write what visitors ask")
	case !slices.Contains([]bot.Decision{bot.Answer, bot.Clarify, bot.Handoff}, c.Decision):
		return errs.New(errs.Invalid, "the decision %q is none: use answer, clarify or handoff", c.Decision)
	case len(c.Lang) < 2 || len(c.Lang) > 3 || strings.Trim(c.Lang, "abcdefghijklmnopqrstuvwxyz") != "":
		return errs.New(errs.Invalid, "the language %q is not a code of two or three letters, such as en or zh", c.Lang)
	}
	lists := map[string][]string{"question": {c.Question}, "history": c.History, "sources": c.Sources, "tags": c.Tags}
	for i, alternatives := range c.Facts {
		if i == maxCaseList {
			return errs.New(errs.TooLarge, "facts has more than %d lists: shorten it", maxCaseList)
		}
		lists["facts"] = append(lists["facts"], alternatives...)
	}
	for name, list := range lists {
		if len(list) > maxCaseList && name != "facts" || len(list) > maxCaseList*maxCaseList {
			return errs.New(errs.TooLarge, "%s has more than %d entries: shorten it", name, maxCaseList)
		}
		for _, s := range list {
			if utf8.RuneCountInString(s) > maxCaseText {
				return errs.New(errs.TooLarge, "a text in %s is longer than %d characters: shorten it", name, maxCaseText)
			}
		}
	}
	return nil
}

// tidy is s without what the database cannot store, and without blanks around it.
func tidy(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", ""))
}

// tidyAll tidies a list and drops what is empty; never nil.
func tidyAll(list []string) []string {
	out := []string{}
	for _, s := range list {
		if s = tidy(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// clipped is the beginning of s, at most n characters.
func clipped(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
