package intent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"

	"handrail/internal/text"
)

// kind is a family of features. Families differ in how much a match of one of theirs says.
type kind uint8

const (
	kindWord    kind = iota // stemmed word, or one Han, Kana or Hangul character
	kindPair                // two neighbours
	kindTriple              // three neighbours
	kindSkip                // two words around a third
	kindEdge                // first or last word
	kindChars               // 2 to 4 characters, across word boundaries: survives typing errors and inflection
	kindConcept             // meaning shared by words that look nothing alike, across languages: see concepts.txt
	kinds
)

// emphasis is the weight of each family before training; docs/adr/003-intent-classifier.md has the measurements.
var emphasis = [kinds]float32{1, 0.6, 0.3, 0.3, 0.3, 0.45, 1.2}

// feature is a hashed n-gram. 64 bits make a collision among a million features unlikely (1 in 37,000,000).
type feature struct {
	hash uint64
	kind kind
}

// features lists the features of a text, with repetitions, and the number of its words.
func features(s string) (found []feature, words int) {
	surface := text.Words(s)
	stems := make([]uint64, len(surface))
	for i, w := range surface {
		stems[i] = hash(stem(w))
	}
	found = make([]feature, 0, 6*len(surface)+4*len(s))
	for i, w := range stems {
		found = append(found, feature{combine(kindWord, w), kindWord})
		if i+1 < len(stems) {
			found = append(found, feature{combine(kindPair, w, stems[i+1]), kindPair})
		}
		if i+2 < len(stems) {
			found = append(found, feature{combine(kindTriple, w, stems[i+1], stems[i+2]), kindTriple},
				feature{combine(kindSkip, w, stems[i+2]), kindSkip})
		}
	}
	if len(stems) > 0 {
		found = append(found, feature{combine(kindEdge, 0, stems[0]), kindEdge},
			feature{combine(kindEdge, 1, stems[len(stems)-1]), kindEdge})
	}
	for _, c := range conceptsOf(stems) {
		found = append(found, feature{combine(kindConcept, uint64(c)), kindConcept})
	}
	return appendChars(found, join(surface)), len(surface)
}

// appendChars adds the character n-grams of a text whose ends are marked by spaces.
func appendChars(found []feature, s string) []feature {
	for i := range s {
		h := hash("")
		n := 0
		for j := i; j < len(s) && n < 4; {
			r, size := utf8.DecodeRuneInString(s[j:])
			h = combine(kindChars, h, uint64(r))
			j += size
			if n++; n >= 2 {
				found = append(found, feature{h, kindChars})
			}
		}
	}
	return found
}

// join writes words with single spaces between them, and none between ideographs.
func join(words []string) string {
	var b strings.Builder
	b.WriteByte(' ')
	previous := false
	for i, w := range words {
		this := ideographic(w)
		if i > 0 && !(this && previous) {
			b.WriteByte(' ')
		}
		b.WriteString(w)
		previous = this
	}
	b.WriteByte(' ')
	return b.String()
}

// stem reduces English words to their stem and everything with a digit to one mark: which order it is says nothing
// about what is wanted.
func stem(word string) string {
	ascii := true
	for _, r := range word {
		if unicode.IsDigit(r) {
			return "#"
		}
		ascii = ascii && r <= unicode.MaxASCII
	}
	if !ascii {
		return word
	}
	return english.Stem(word, false)
}

func ideographic(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// hash is FNV-1a, written out because hash/fnv allocates.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// combine hashes parts in order, together with their kind.
func combine(k kind, parts ...uint64) uint64 {
	h := uint64(k) + 0x9e3779b97f4a7c15
	for _, p := range parts {
		h ^= p
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
