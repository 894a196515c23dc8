package ingest

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	digits   = regexp.MustCompile(`\d+`)
	numbered = regexp.MustCompile(`^(\d{1,2}(?:\.\d{1,2}){0,4}\.?)\s+\p{L}`)
)

// loadPDFText reads what pdftotext prints: lines of pages, with a form feed behind each page.
func loadPDFText(src string) (page, error) {
	var pages [][]pdfLine
	for _, text := range strings.Split(strings.TrimSuffix(src, "\f"), "\f") {
		var lines []pdfLine
		gap := false
		for _, s := range strings.Split(canonical(text), "\n") {
			if s = unligated(tidy(s)); s == "" {
				gap = true
				continue
			}
			lines = append(lines, pdfLine{s: s, gap: gap})
			gap = false
		}
		pages = append(pages, lines)
	}
	p := layOut(pages)
	return p, nil
}

// layOut makes a page of text from the lines of the pages of a PDF.
func layOut(pages [][]pdfLine) page {
	pages = withoutMargins(pages)
	sizes := headingSizes(pages)
	w := &plainText{}
	for i, lines := range pages {
		w.number = i + 1
		for k, line := range lines {
			if line.gap || k == 0 {
				w.flush()
			}
			if level := line.level(sizes, lines, k); level > 0 {
				w.flush()
				w.heading(level, line.s)
				continue
			}
			if n := len(w.run); n > 0 && hyphenated(w.run[n-1], line.s) {
				w.run[n-1] = strings.TrimSuffix(w.run[n-1], "-") + line.s
				continue
			}
			w.line(line.s)
		}
		w.flush()
	}
	p := w.page()
	p.paged = true
	p.title = onlyTitle(p.parts)
	return p
}

// onlyTitle returns the heading on the first page that is larger than all others, "" if there is no such heading.
func onlyTitle(parts []block) string {
	title := ""
	for _, b := range parts {
		if b.kind != heading || b.level > 1 {
			continue
		}
		if title != "" || b.page != 1 {
			return ""
		}
		title = b.title
	}
	return title
}

// unligated writes out the letters that printers join, as readers type them.
func unligated(s string) string {
	return strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st").Replace(s)
}

func hyphenated(a, b string) bool {
	r, _ := utf8.DecodeRuneInString(b)
	before, ok := strings.CutSuffix(a, "-")
	last, _ := utf8.DecodeLastRuneInString(before)
	return ok && unicode.IsLower(r) && unicode.IsLetter(last)
}

// headingSizes returns the sizes that are larger than most text, largest first, behind the size of most text.
func headingSizes(pages [][]pdfLine) []float64 {
	letters := map[float64]int{}
	for _, lines := range pages {
		for _, l := range lines {
			letters[math.Round(l.size*2)/2] += len(l.s)
		}
	}
	body, most := 0.0, -1
	for size, n := range letters {
		if n > most || n == most && size < body {
			body, most = size, n
		}
	}
	sizes := []float64{}
	for size := range letters {
		if size > body*1.12 && body > 0 {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	return append([]float64{body}, sizes...)
}

// level returns the level of a heading, 0 for other lines. A line is a heading if its letters are larger; where the sizes
// are not known, or are those of the text, if it is short, stands apart and is numbered or bold.
func (l pdfLine) level(sizes []float64, lines []pdfLine, at int) int {
	if len(l.s) > 150 || endsSentence(l.s) || listMark.MatchString(l.s) && !numbered.MatchString(l.s) {
		return 0
	}
	if i := slices.Index(sizes[1:], math.Round(l.size*2)/2); i >= 0 {
		return min(i+1, 5)
	}
	apart := at == 0 || l.gap
	before := at+1 < len(lines) && lines[at+1].gap
	switch m := numbered.FindStringSubmatch(l.s); {
	case !apart || !before:
		return 0
	case m != nil:
		return min(1+strings.Count(strings.TrimSuffix(m[1], "."), "."), 5)
	case l.bold && l.size > 0, asks(l.s) && len(l.s) < 120:
		return 5
	}
	return 0
}

func endsSentence(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune(".;,:。；，：", r)
}

// chapterPages is how many pages must begin or end with the same line for it to be the name of their chapter.
const chapterPages = 4

// withoutMargins removes the lines that most pages begin or end with, such as the name of the document and the number
// of the page, and those that the pages of a chapter begin or end with.
func withoutMargins(pages [][]pdfLine) [][]pdfLine {
	if len(pages) < 3 {
		return pages
	}
	count := map[string]int{}
	for _, lines := range pages {
		for key := range margins(lines) {
			count[key]++
		}
	}
	out := make([][]pdfLine, len(pages))
	for i, lines := range pages {
		own := margins(lines)
		for k, l := range lines {
			key := digits.ReplaceAllString(l.s, "#")
			edge := k == 0 || k == len(lines)-1
			if own[key] && (k < 2 || k >= len(lines)-2) && count[key] > len(pages)/2 || edge && count[key] >= chapterPages {
				continue
			}
			out[i] = append(out[i], l)
		}
	}
	return out
}

// margins returns the first and last two lines of a page, without what differs from page to page.
func margins(lines []pdfLine) map[string]bool {
	out := map[string]bool{}
	for k, l := range lines {
		if k < 2 || k >= len(lines)-2 {
			out[digits.ReplaceAllString(l.s, "#")] = true
		}
	}
	return out
}
