package ingest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"handrail/knowledge"
)

// Sizes in estimated tokens. A passage of a few hundred tokens holds one answer with its conditions; ten of them leave
// room in any model's window. Sections below the smallest size say too little to be found or quoted by themselves.
const (
	largest     = 300
	smallest    = 100
	enough      = 200 // from here on a section keeps its own heading rather than take in a neighbour
	largestCode = 600 // an example that is cut cannot be used, so code may be longer
)

// split cuts a page along its structure into passages in ascending order.
//
//   - A passage never crosses into a section of another parent.
//   - Sections below smallest join their neighbours under the same parent; then the passage carries the parent's path
//     and the headings stand in its text. A section that answers a question stays alone.
//   - A section above largest is cut between paragraphs, list items, table rows and lines of code; a longer paragraph
//     is cut between sentences, and only then do two passages share text: one sentence.
//   - Captions and lists of links that lead nowhere are left out where they would stand alone, unless the page holds
//     nothing else.
func split(p page) []knowledge.Passage {
	all := pieces(p.text, outline(p.title, p.parts))
	onlyWeak := !slices.ContainsFunc(all, func(c piece) bool { return !c.bare && !c.weak })
	var passages []knowledge.Passage
	for _, c := range all {
		s := strings.TrimSpace(p.text[c.start:c.end])
		if c.bare || c.weak && !onlyWeak {
			continue
		}
		passages = append(passages, knowledge.Passage{
			Ordinal:     len(passages),
			Title:       p.title,
			HeadingPath: c.path,
			Text:        c.lead + s + c.tail,
			Start:       c.start,
			End:         c.end,
			Question:    c.question,
			URL:         p.urlOf(c),
			Page:        pageAt(p.parts, c.start),
		})
	}
	return passages
}

// piece is a passage in the making.
type piece struct {
	span
	path     []string
	question string
	url      string
	from     int  // where the piece starts once it joins another: its heading, if it has one of its own
	bare     bool // a heading without text
	weak     bool // nothing but weak blocks
	closed   bool // may not join another piece
}

// pieces cuts a section and those below it.
func pieces(text string, s *section) []piece {
	var out []piece
	for _, u := range pack(text, s.content) {
		out = append(out, piece{span: u, path: s.path, question: s.question, url: s.url, from: u.start, weak: weak(s.content, u)})
	}
	for _, c := range s.children {
		below := pieces(text, c)
		if n := len(out); n > 0 && len(below) == 1 && joins(out[n-1], below[0]) {
			out[n-1] = join(out[n-1], below[0], s)
			continue
		}
		out = append(out, below...)
	}
	return finish(out, text, s)
}

// finish prepares the pieces of a section for the section above: only a section that is one piece may join another.
func finish(out []piece, text string, s *section) []piece {
	if s.head.level == 0 {
		return out
	}
	heading := tokens(text[s.head.start:s.head.end])
	switch {
	case len(out) == 0:
		out = []piece{{span: span{start: s.head.start, end: s.head.end}, bare: true, path: s.path}}
		fallthrough
	case len(out) == 1:
		out[0].from = s.head.start
		out[0].tokens += heading
		out[0].closed = out[0].closed || s.head.question
	default:
		for i := range out {
			out[i].closed = true
		}
	}
	return out
}

func joins(a, b piece) bool {
	return !a.closed && !b.closed && a.tail == "" && b.lead == "" &&
		min(a.tokens, b.tokens) < smallest && max(a.tokens, b.tokens) <= enough && a.tokens+b.tokens <= largest
}

// join returns the piece that spans a and b, which stand under s.
func join(a, b piece, s *section) piece {
	joined := piece{path: s.path, question: s.question, from: a.from, bare: a.bare && b.bare}
	joined.weak = (a.weak || a.bare) && (b.weak || b.bare) && !joined.bare
	joined.span = span{start: a.from, end: b.end, tokens: a.tokens + b.tokens, lead: a.lead, tail: b.tail}
	return joined
}

// pageAt returns the page on which a piece starts, so that a citation opens there.
func pageAt(parts []block, start int) int {
	i, _ := slices.BinarySearchFunc(parts, start, func(b block, at int) int { return cmp.Compare(b.end, at+1) })
	if i == len(parts) {
		return 0
	}
	return parts[i].page
}

// urlOf returns where a reader can open a piece.
func (p page) urlOf(c piece) string {
	switch n := pageAt(p.parts, c.start); {
	case c.url != "":
		return c.url
	case p.paged && p.url != "" && n > 0:
		return p.url + "#page=" + strconv.Itoa(n)
	}
	return p.url
}

// weak reports whether a span of a section holds weak blocks only.
func weak(content []block, u span) bool {
	return !slices.ContainsFunc(content, func(b block) bool { return b.start < u.end && b.end > u.start && !b.weak })
}
