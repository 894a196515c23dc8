package ingest

import (
	"math"
	"strings"

	"github.com/ledongthuc/pdf"
)

// glyphs is a piece of text that stands at one place of a page. Lengths are in points.
type glyphs struct {
	x, end, y, size float64
	bold            bool
	estimated       bool // the font does not tell its widths
	s               string
}

// matrix holds the six numbers of a transformation.
type matrix [6]float64

func (m matrix) mul(n matrix) matrix {
	return matrix{m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5]}
}

// typesetter follows the drawing of a page and notes where text goes. It knows the operators for text, positions and
// nested drawings; all others leave no text.
type typesetter struct {
	fonts map[string]*pdfFont
	out   []glyphs
	ops   int

	state
	saved []state
}

// state is what the operators q and Q save and restore.
type state struct {
	ctm, line, text              matrix
	font                         *pdfFont
	size, char, word, lead, rise float64
	stretch                      float64
}

// Limits of one page.
const (
	mostOps      = 2_000_000
	mostDrawings = 12 // drawings within drawings
	mostSaved    = 512
)

// content draws a stream with its resources.
func (t *typesetter) content(contents, resources pdf.Value, depth int) {
	if contents.Kind() == pdf.Null || depth > mostDrawings {
		return
	}
	if depth == 0 {
		t.state = state{ctm: matrix{1, 0, 0, 1, 0, 0}, stretch: 1}
	}
	pdf.Interpret(contents, func(stk *pdf.Stack, op string) {
		args := make([]pdf.Value, stk.Len())
		for i := len(args) - 1; i >= 0; i-- {
			args[i] = stk.Pop()
		}
		if t.ops++; t.ops > mostOps {
			panic("too many operators")
		}
		if op == "Do" && len(args) == 1 {
			t.drawing(resources, args[0].Name(), depth)
			return
		}
		t.operator(op, args, resources)
	})
}

// drawing draws a form, which is a content stream of its own.
func (t *typesetter) drawing(resources pdf.Value, name string, depth int) {
	form := resources.Key("XObject").Key(name)
	if form.Key("Subtype").Name() != "Form" {
		return // an image, which is never opened
	}
	saved := t.state
	if m := numbers(form.Key("Matrix")); len(m) == 6 {
		t.ctm = matrix(m).mul(t.ctm)
	}
	inner := form.Key("Resources")
	if inner.Kind() == pdf.Null {
		inner = resources
	}
	fonts := t.fonts
	t.fonts = map[string]*pdfFont{}
	t.content(form, inner, depth+1)
	t.fonts, t.state = fonts, saved
}

func numbers(v pdf.Value) []float64 {
	var out []float64
	for i := range v.Len() {
		out = append(out, v.Index(i).Float64())
	}
	return out
}

func (t *typesetter) operator(op string, args []pdf.Value, resources pdf.Value) {
	n := make([]float64, len(args))
	for i, a := range args {
		n[i] = a.Float64()
	}
	switch {
	case op == "q" && len(t.saved) < mostSaved:
		t.saved = append(t.saved, t.state)
	case op == "Q" && len(t.saved) > 0:
		t.state, t.saved = t.saved[len(t.saved)-1], t.saved[:len(t.saved)-1]
	case op == "cm" && len(n) == 6:
		t.ctm = matrix(n).mul(t.ctm)
	case op == "BT":
		t.line, t.text = matrix{1, 0, 0, 1, 0, 0}, matrix{1, 0, 0, 1, 0, 0}
	case op == "Tf" && len(n) == 2:
		t.font, t.size = t.fontNamed(resources, args[0].Name()), n[1]
	case op == "Tm" && len(n) == 6:
		t.line, t.text = matrix(n), matrix(n)
	case op == "T*":
		t.move(0, -t.lead)
	case op == "TD" && len(n) == 2:
		t.lead = -n[1]
		t.move(n[0], n[1])
	case op == "Td" && len(n) == 2:
		t.move(n[0], n[1])
	case op == "Tj" && len(n) == 1:
		t.show(args[0].RawString())
	case op == "'" && len(n) == 1:
		t.move(0, -t.lead)
		t.show(args[0].RawString())
	case op == `"` && len(n) == 3:
		t.word, t.char = n[0], n[1]
		t.move(0, -t.lead)
		t.show(args[2].RawString())
	case op == "TJ" && len(n) == 1:
		t.showAll(args[0])
	case len(n) == 1:
		t.set(op, n[0])
	}
}

// set changes one number of the state.
func (t *typesetter) set(op string, n float64) {
	switch op {
	case "Tc":
		t.char = n
	case "Tw":
		t.word = n
	case "TL":
		t.lead = n
	case "Ts":
		t.rise = n
	case "Tz":
		t.stretch = n / 100
	}
}

func (t *typesetter) move(x, y float64) {
	t.line = matrix{1, 0, 0, 1, x, y}.mul(t.line)
	t.text = t.line
}

func (t *typesetter) fontNamed(resources pdf.Value, name string) *pdfFont {
	if f, ok := t.fonts[name]; ok {
		return f
	}
	f := newPDFFont(pdf.Font{V: resources.Key("Font").Key(name)})
	t.fonts[name] = f
	return f
}

func (t *typesetter) showAll(list pdf.Value) {
	for i := range list.Len() {
		if v := list.Index(i); v.Kind() == pdf.String {
			t.show(v.RawString())
		} else {
			t.text = matrix{1, 0, 0, 1, -v.Float64() / 1000 * t.size * t.stretch, 0}.mul(t.text)
		}
	}
}

// show notes a piece of text and goes on to its end.
func (t *typesetter) show(raw string) {
	if t.font == nil || raw == "" {
		return
	}
	place := func() matrix { return matrix{t.size * t.stretch, 0, 0, t.size, 0, t.rise}.mul(t.text).mul(t.ctm) }
	start := place()
	var sb strings.Builder
	for len(raw) > 0 {
		code, rest := t.font.next(raw)
		s, width := t.font.glyph(code)
		raw = rest
		sb.WriteString(s)
		step := width/1000*t.size + t.char
		if code == " " {
			step += t.word
		}
		t.text = matrix{1, 0, 0, 1, step * t.stretch, 0}.mul(t.text)
	}
	end := place()
	g := glyphs{x: start[4], end: end[4], y: start[5], size: math.Hypot(start[2], start[3]), bold: t.font.bold,
		estimated: t.font.estimated, s: sb.String()}
	if math.Abs(start[1]) > math.Abs(start[0]) { // text that runs upwards: its own direction counts
		g.x, g.end, g.y = start[5], end[5], -start[4]
	}
	if g.size > 0 && g.s != "" {
		t.out = append(t.out, g)
	}
}
