package ingest

import "strings"

// span is a byte range of the text of a page. Code that was cut gets its fences back as lead and tail.
type span struct {
	start, end int
	tokens     int
	lead, tail string
}

// pack gathers the blocks of one section into spans of at most largest tokens where their parts allow it. It prefers to
// cut between groups, so that a list or table that fits into a passage is not torn apart.
func pack(text string, content []block) []span {
	var out []span
	var cur span
	flush := func() {
		if cur.end > cur.start {
			out = append(out, cur)
		}
		cur = span{}
	}
	for _, units := range groups(text, content) {
		total := 0
		for _, u := range units {
			total += u.tokens
		}
		if cur.tokens+total > room(cur) && (total <= largest || cur.tokens >= smallest) {
			flush()
		}
		for _, u := range units {
			if cur.tokens+u.tokens > room(cur) {
				flush()
			}
			cur = extend(cur, u)
		}
	}
	flush()
	return absorb(out)
}

// room lets a span that is too small to stand alone grow somewhat beyond the largest size.
func room(s span) int {
	if s.tokens < smallest {
		return largest + smallest
	}
	return largest
}

func extend(s, u span) span {
	if s.end == s.start {
		return u
	}
	return span{start: s.start, end: u.end, tokens: s.tokens + u.tokens, lead: s.lead, tail: u.tail}
}

// absorb joins a short remainder to the span before it.
func absorb(spans []span) []span {
	n := len(spans)
	if n < 2 || spans[n-1].tokens >= smallest || spans[n-2].tokens+spans[n-1].tokens > largest+smallest {
		return spans
	}
	spans[n-2] = extend(spans[n-2], spans[n-1])
	return spans[:n-1]
}

// groups returns the units of content by group, a sentence that announces a list or an example ("do this:") with what
// it announces.
func groups(text string, content []block) [][]span {
	var out [][]span
	glue := false
	for i, b := range content {
		units := cut(text, b)
		if i > 0 && (glue || content[i-1].group == b.group) {
			out[len(out)-1] = append(out[len(out)-1], units...)
		} else {
			out = append(out, units)
		}
		s := text[b.start:b.end]
		glue = b.kind == paragraph && len(units) == 1 && units[0].tokens < smallest &&
			(strings.HasSuffix(s, ":") || strings.HasSuffix(s, "："))
	}
	return out
}
