package ingest

import (
	"regexp"
	"strings"
	"unicode"

	"handrail/internal/text"
)

// page is what a loader makes of one source: clean text, and where its parts stand in it.
type page struct {
	name     string // of one of several documents in a file, "" where the file is the document
	title    string
	url      string // absolute, or ""
	paged    bool   // the url opens at a page with "#page=N"
	language string // ISO 639-1 if the source tells, else ""
	tags     []string
	text     string
	parts    []block
}

// opening is the heading that a page begins with, "" if it begins otherwise or asks a question there.
func (p page) opening() string {
	if len(p.parts) == 0 || p.parts[0].kind != heading || p.parts[0].question {
		return ""
	}
	return clip(p.parts[0].title, longestTitle)
}

// kind says what a block is, because each kind is cut in its own way.
type kind int

const (
	heading kind = iota
	paragraph
	item // of a list
	row  // of a table
	code
)

// block is a part of the text of a page, as a byte range. Blocks stand in order and never overlap.
type block struct {
	kind       kind
	start, end int
	group      int    // the items of one list, or the rows of one table, share a number
	level      int    // of a heading, from 1
	title      string // of a heading, without marks
	question   bool   // a heading that asks what its section answers
	hidden     bool   // a question of an export, which is no heading of the document
	url        string // of a question that has an address of its own
	page       int    // from 1; 0 in a document without pages
	weak       bool   // a caption or a link that leads nowhere: worth reading next to others, not alone
}

// builder collects the blocks of a page.
type builder struct {
	sb     strings.Builder
	parts  []block
	group  int
	number int // of the page that is being read
}

// add appends a block that stands alone.
func (b *builder) add(k kind, s string) {
	b.group++
	b.join(k, s)
}

// join appends a block to the group of the block before it. Groups are parted by an empty line, so that the text reads
// like the document it came from.
func (b *builder) join(k kind, s string) {
	if s = strings.Trim(s, "\n "); s == "" {
		return
	}
	if n := len(b.parts); n > 0 && b.parts[n-1].group == b.group {
		b.sb.WriteString("\n")
	} else if n > 0 {
		b.sb.WriteString("\n\n")
	}
	start := b.sb.Len()
	b.sb.WriteString(s)
	b.parts = append(b.parts, block{kind: k, start: start, end: b.sb.Len(), group: b.group, page: b.number})
}

// heading appends a heading. Where a passage spans several sections, bold tells their headings from sentences.
func (b *builder) heading(level int, title string) {
	title = clip(strings.Join(strings.Fields(title), " "), longestTitle)
	if title == "" {
		return
	}
	b.add(heading, "**"+title+"**")
	h := &b.parts[len(b.parts)-1]
	h.level, h.title, h.question = level, title, asks(title)
}

// weaken marks the last block as one that says nothing alone.
func (b *builder) weaken() {
	if n := len(b.parts); n > 0 {
		b.parts[n-1].weak = true
	}
}

// faq appends a question that is no heading of the document, such as one row of an export. url is where its answer can be
// opened, or "".
func (b *builder) faq(question, url string) {
	b.heading(6, question)
	h := &b.parts[len(b.parts)-1]
	h.question, h.hidden, h.url = true, true, url
}

func (b *builder) page() page { return page{text: b.sb.String(), parts: b.parts} }

// prose returns the beginning of the text without code. That much tells the language as surely as the whole would.
func (p page) prose() string {
	var sb strings.Builder
	for _, part := range p.parts {
		if part.kind != code && sb.Len() < 2<<10 {
			sb.WriteString(p.text[part.start:part.end])
			sb.WriteByte('\n')
		}
	}
	return sb.String()
}

func (p page) lang(fallback string) string { return text.Detect(p.prose(), fallback) }

// asksEnglish and asksChinese find headings that ask without a question mark.
var (
	asksEnglish = regexp.MustCompile(`(?i)^(how (do|does|can|could|should|to|much|many|long|often)|` +
		`what (is|are|does|do|if)|` +
		`why (is|are|do|does|did|can)|where (is|are|do|can)|when (is|are|do|does|will|can)|who (is|are|can)|` +
		`can i|can you|could i|do i|do you|is there|is it|are there)\b`)
	asksChinese = regexp.MustCompile(`^(如何|怎么|怎样|为什么|为何|什么是|是否|能否|可否|哪些|哪里)|(吗|呢|怎么办|是什么|为什么)$`)
	mark        = regexp.MustCompile(`(?i)^\s*(q|question|问|问题)?\s*\d*\s*[.:：、)]\s*`)
)

// asks reports whether a heading is a question, so that the text below it is an answer.
func asks(title string) bool {
	title = unmarked(title)
	return strings.HasSuffix(title, "?") || strings.HasSuffix(title, "？") ||
		asksEnglish.MatchString(title) || asksChinese.MatchString(title)
}

// unmarked removes a leading number or "Q:", which is part of the layout and not of the question.
func unmarked(title string) string { return strings.TrimSpace(mark.ReplaceAllString(title, "")) }

// same reports whether two titles differ in case, spaces and punctuation at most.
func same(a, b string) bool { return letters(a) == letters(b) }

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text.Normalize(s))
}
