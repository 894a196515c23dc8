package ingest

import (
	"math"
	"slices"
	"strings"
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
