package intent

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed signals/entities.txt
var entitySource string

// entityTable is read at first use and never changes.
var entityTable = sync.OnceValue(func() *table { return newTable("entities.txt", entitySource) })

// kindNothing is what looks like an entity and is none. It takes its place, so that nothing else is found there.
const kindNothing = ""

// candidate is a place that an expression of the table matches.
type candidate struct {
	text       string // the whole folded message
	start, end int
}

func (c candidate) String() string { return c.text[c.start:c.end] }

// narrowed returns the part of the candidate that suffices trim leaves.
func (c candidate) suffix(characters string) candidate {
	s := strings.TrimRight(c.String(), characters)
	return candidate{c.text, c.start + len(s), c.end}
}

// entityReader turns a candidate into an entity. A value of "" rejects it.
type entityReader struct {
	kind string
	read func(x *Extractor, c candidate) (value string, at candidate)
}

// scan finds what the table describes, in order of its labels.
func (x *Extractor) scan(s string) []Entity {
	t := entityTable()
	found := make([][]Entity, len(t.labels))
	ends := make([]int, len(t.labels)) // of the longest match of each label from here; 0 = none
	phones := 0
	for i := 0; i < len(s); i = next(s, i) {
		if !border(s, i) {
			continue
		}
		for labels := t.ends(s, i, ends); labels != 0; labels &= labels - 1 {
			label := lowest(labels)
			end := ends[label]
			ends[label] = 0
			c := candidate{s, i, end}
			if last := found[label]; cut(c) || len(last) > 0 && last[len(last)-1].End > i {
				continue
			}
			if strings.HasPrefix(t.labels[label], "phone") {
				if phones++; phones > maxPhones {
					continue
				}
			}
			if e, ok := x.read(t.labels[label], c); ok {
				found[label] = append(found[label], e)
			}
		}
	}
	return slices.Concat(found...)
}

// maxPhones is how many numbers of a message are looked up as telephone numbers, the one costly reading.
const maxPhones = 12

func (x *Extractor) read(label string, c candidate) (Entity, bool) {
	if value, ok := strings.CutPrefix(label, "="); ok {
		return Entity{Kind: KindDate, Value: value, Start: c.start, End: c.end}, true
	}
	r := entityReaders[label]
	value, at := r.read(x, c)
	return Entity{Kind: r.kind, Value: value, Start: at.start, End: at.end}, value != ""
}

// cut reports whether a candidate begins or ends inside a longer number: the 50 of 2.50, the 12/05 of 12/05/2026.
func cut(c candidate) bool {
	s := c.text
	if c.start >= 2 && isDigit(s[c.start]) && isDigit(s[c.start-2]) && strings.IndexByte(".,/-", s[c.start-1]) >= 0 {
		return true
	}
	return c.end+1 < len(s) && isDigit(s[c.end-1]) && isDigit(s[c.end+1]) && strings.IndexByte(".,/", s[c.end]) >= 0
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// follows returns what stands after the candidate.
func (c candidate) follows() string { return c.text[c.end:] }

// nextRune returns the character after the candidate.
func (c candidate) nextRune() rune {
	r, _ := utf8.DecodeRuneInString(c.follows())
	return r
}
