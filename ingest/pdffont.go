package ingest

import (
	"strings"
	"unicode"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// pdfFont turns the codes of one font into text with widths.
type pdfFont struct {
	decoder   pdf.TextEncoding
	other     encoding.Encoding // for the encodings of the Far East, which the library does not know
	wide      bool              // codes have two bytes
	bold      bool
	estimated bool // there are no widths
	widths    map[int]float64
	usual     float64
	seen      map[string]string // text by code
}

func newPDFFont(f pdf.Font) *pdfFont {
	name := strings.ToLower(f.BaseFont())
	out := &pdfFont{decoder: f.Encoder(), widths: map[int]float64{}, seen: map[string]string{}, usual: -1,
		bold: strings.Contains(name, "bold") || strings.Contains(name, "heavy") || strings.Contains(name, "black")}
	if f.V.Key("Subtype").Name() == "Type0" {
		out.composite(f.V)
		return out
	}
	first := f.FirstChar()
	for i, w := range f.Widths() {
		out.widths[first+i] = w
	}
	out.estimated = len(out.widths) == 0
	return out
}

// composite reads a font of two-byte codes.
func (f *pdfFont) composite(v pdf.Value) {
	f.wide, f.usual = true, 1000
	switch name := v.Key("Encoding").Name(); {
	case strings.HasPrefix(name, "GB"):
		f.other, f.estimated = simplifiedchinese.GBK, true
	case strings.Contains(name, "B5"):
		f.other, f.estimated = traditionalchinese.Big5, true
	case strings.Contains(name, "RKSJ"):
		f.other, f.estimated = japanese.ShiftJIS, true
	}
	d := v.Key("DescendantFonts").Index(0)
	if dw := d.Key("DW"); dw.Kind() != pdf.Null {
		f.usual = dw.Float64()
	}
	w := d.Key("W")
	for i := 0; i+1 < w.Len(); {
		first := int(w.Index(i).Int64())
		if list := w.Index(i + 1); list.Kind() == pdf.Array {
			for k := range list.Len() {
				f.widths[first+k] = list.Index(k).Float64()
			}
			i += 2
			continue
		}
		last := int(w.Index(i + 1).Int64())
		for c := first; c <= last && c-first < 1<<16; c++ {
			f.widths[c] = w.Index(i + 2).Float64()
		}
		i += 3
	}
}

// next returns the first code of raw, and the rest.
func (f *pdfFont) next(raw string) (code, rest string) {
	n := 1
	if f.other != nil && raw[0] >= 0x80 || f.other == nil && f.wide {
		n = min(2, len(raw))
	}
	return raw[:n], raw[n:]
}

// glyph returns the text of a code and its width in thousandths of the size.
func (f *pdfFont) glyph(code string) (s string, width float64) {
	s, ok := f.seen[code]
	if !ok {
		s = f.decode(code)
		f.seen[code] = s
	}
	number := 0
	for i := range len(code) {
		number = number<<8 | int(code[i])
	}
	if w, ok := f.widths[number]; ok && !f.estimated {
		return s, w
	}
	if f.usual >= 0 && !f.estimated {
		return s, f.usual
	}
	return s, estimate(s)
}

func (f *pdfFont) decode(code string) string {
	if f.other != nil {
		s, err := f.other.NewDecoder().String(code)
		if err != nil {
			return ""
		}
		return s
	}
	if f.decoder == nil {
		return code
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) {
			return -1
		}
		return r
	}, f.decoder.Decode(code))
}

// estimate returns the width that a character has in a common font.
func estimate(s string) float64 {
	width := 0.0
	for _, r := range s {
		switch {
		case isWide(r):
			width += 1000
		case strings.ContainsRune("iljtfI.,:;'|! ()[]-", r):
			width += 280
		case strings.ContainsRune("mwMW@%", r):
			width += 850
		case unicode.IsUpper(r):
			width += 680
		default:
			width += 540
		}
	}
	return width
}
