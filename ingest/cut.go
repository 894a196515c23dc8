package ingest

import (
	"strings"
	"unicode/utf8"

	"handrail/internal/text"
)

const fence = "```"

// cut returns a block as one span, or as several where it is too long for one passage.
func cut(s string, b block) []span {
	whole := span{start: b.start, end: b.end, tokens: tokens(s[b.start:b.end])}
	limit := largest
	if b.kind == code {
		limit = largestCode
	}
	switch {
	case whole.tokens <= limit:
		return []span{whole}
	case b.kind == code:
		return refence(s, fill(s, lines(s, b.start, b.end), false))
	}
	var sentences []text.Span
	for _, t := range text.Sentences(s[b.start:b.end]) {
		sentences = append(sentences, chop(s, t.Start+b.start, t.End+b.start)...)
	}
	return refence(s, fill(s, sentences, b.kind == paragraph))
}

// fill gathers neighbouring atoms into spans of at most largest tokens. With overlap each span starts with the last
// atom of the one before it, unless that is long itself.
func fill(s string, atoms []text.Span, overlap bool) []span {
	var out []span
	var cur span
	for i, a := range atoms {
		n := tokens(s[a.Start:a.End])
		if cur.tokens > 0 && cur.tokens+n > largest {
			out = append(out, cur)
			cur = span{start: a.Start}
			if last := atoms[i-1]; overlap && tokens(s[last.Start:last.End]) <= smallest/2 {
				cur = span{start: last.Start, tokens: tokens(s[last.Start:last.End])}
			}
		} else if cur.tokens == 0 {
			cur.start = a.Start
		}
		cur.end = a.End
		cur.tokens += n
	}
	return append(out, cur)
}

// refence closes code where a cut goes through it, and opens it again behind the cut.
func refence(s string, parts []span) []span {
	open := false
	for i := range parts {
		if open {
			parts[i].lead = fence + "\n"
		}
		for line := range strings.Lines(s[parts[i].start:parts[i].end]) {
			if strings.TrimSpace(line) == fence {
				open = !open
			}
		}
		if open {
			parts[i].tail = "\n" + fence
		}
	}
	return parts
}

// lines returns the lines of s[start:end], long ones in parts.
func lines(s string, start, end int) []text.Span {
	var out []text.Span
	for start < end {
		stop := end
		if i := strings.IndexByte(s[start:end], '\n'); i >= 0 {
			stop = start + i
		}
		if stop > start {
			out = append(out, chop(s, start, stop)...)
		}
		start = stop + 1
	}
	return out
}

// chop cuts s[start:end] where it is longer than a passage: between words if there are any, else between characters.
func chop(s string, start, end int) []text.Span {
	var out []text.Span
	for {
		stop := reach(s, start, end)
		if stop == end {
			return append(out, text.Span{Start: start, End: end})
		}
		if i := strings.LastIndexAny(s[start:stop], " \t,;，、；"); i > (stop-start)/2 {
			_, size := utf8.DecodeRuneInString(s[start+i:])
			stop = start + i + size
		}
		out = append(out, text.Span{Start: start, End: stop})
		start = stop
	}
}

// reach returns the end of the longest beginning of s[start:end] that fits into a passage.
func reach(s string, start, end int) int {
	var c counter
	for i, r := range s[start:end] {
		if c.add(r); c.tokens() > largest {
			return start + i
		}
	}
	return end
}
