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

// pdfLine is one line of a page.
type pdfLine struct {
	s    string
	size float64 // of its largest letters, in points; 0 where it is not known
	bold bool
	gap  bool // it stands apart from the line above it
}

// lines joins the pieces of a page into lines, in the order in which they were drawn, which keeps columns apart.
func (t *typesetter) lines() []pdfLine {
	var out []pdfLine
	var ys []float64
	var cur []glyphs
	flush := func() {
		if line, ok := setLine(cur); ok {
			out, ys = append(out, line), append(ys, cur[0].y)
		}
		cur = nil
	}
	for _, g := range t.out {
		if len(cur) > 0 {
			last := cur[len(cur)-1]
			size := max(last.size, g.size)
			if math.Abs(g.y-last.y) > size*0.6 && math.Abs(g.y-cur[0].y) > size*0.6 || g.x < last.end-4*size && g.x < last.x-size {
				flush()
			}
		}
		cur = append(cur, g)
	}
	flush()
	setApart(out, ys)
	return out
}

// setLine joins the pieces of one line. A gap between two pieces is a space where it is as wide as one.
func setLine(pieces []glyphs) (pdfLine, bool) {
	var sb strings.Builder
	line := pdfLine{bold: true}
	for i, g := range pieces {
		if i > 0 {
			last := pieces[i-1]
			space := 0.17
			if last.estimated {
				space = 0.25
			}
			if gap := g.x - last.end; gap > space*g.size || g.x < last.x-g.size {
				sb.WriteByte(' ')
			}
		}
		sb.WriteString(g.s)
		if strings.TrimSpace(g.s) != "" {
			line.size = max(line.size, g.size)
			line.bold = line.bold && g.bold
		}
	}
	line.s = unligated(tidy(canonical(strings.ToValidUTF8(strings.ReplaceAll(sb.String(), "\n", " "), ""))))
	return line, line.s != ""
}

// setApart notes which lines stand apart: further below the last one than lines of the page usually do, or above it.
func setApart(lines []pdfLine, ys []float64) {
	var steps []float64
	for i := 1; i < len(ys); i++ {
		if step := ys[i-1] - ys[i]; step > 0 {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	usual := 0.0
	if len(steps) > 0 {
		usual = steps[len(steps)/4]
	}
	for i := 1; i < len(lines); i++ {
		step := ys[i-1] - ys[i]
		lines[i].gap = step < 0 || step > 1.35*max(usual, lines[i].size) || math.Abs(lines[i].size-lines[i-1].size) > 0.8 ||
			lines[i].bold != lines[i-1].bold
	}
}

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

// withoutMargins removes the lines that most pages begin or end with, such as the name of the document and the number
// of the page.
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
			if _, margin := own[key]; margin && (k < 2 || k >= len(lines)-2) && count[key] > len(pages)/2 {
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
