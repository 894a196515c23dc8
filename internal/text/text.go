// Package text turns what people write into what search and classification compare: language, normalised form,
// sentences and terms.
//
// Documents and queries must go through the same functions, or nothing matches; that is why knowledge, intent and bot
// share this package and none of them tokenises by itself.
package text

import (
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
	"github.com/kljensen/snowball/english"
	"golang.org/x/text/unicode/norm"
)

// Normalize folds compatibility forms (full-width digits and letters, ligatures) and case.
func Normalize(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// Detect returns the ISO 639-1 code of the language of s, or fallback where s is too short to tell. Scripts decide
// first, because they are certain; statistics decide only between languages written in the same script.
func Detect(s, fallback string) string {
	var han, kana, hangul, latin, letters int
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case letters == 0:
		return fallback
	case kana > 0 && kana*5 >= han:
		return "ja"
	case hangul > 0 && hangul*2 >= letters-latin:
		return "ko"
	case han > 0 && han*4 >= latin: // one Han character carries about as much as one Latin word
		return "zh"
	}
	info := whatlanggo.Detect(s)
	if letters < 20 || !info.IsReliable() {
		return fallback
	}
	if code := info.Lang.Iso6391(); code != "" {
		return code
	}
	return fallback
}

// Term is one unit of comparison and where it stands in the text it came from, as byte offsets.
type Term struct {
	Text       string
	Start, End int
}

// Terms splits s into the terms that lexical search compares: stemmed words for alphabetic scripts; single characters
// and overlapping pairs for Han, Kana and Hangul, because nothing marks their word boundaries. Stop words are kept:
// BM25 weighs them down by itself.
func Terms(s string) []Term {
	var terms []Term
	runes := []rune(s)
	offsets := make([]int, len(runes)+1)
	for i, r := range runes {
		offsets[i+1] = offsets[i] + len(string(r))
	}
	for i := 0; i < len(runes); {
		switch r := runes[i]; {
		case isIdeographic(r):
			terms = append(terms, Term{string(r), offsets[i], offsets[i+1]})
			if i+1 < len(runes) && isIdeographic(runes[i+1]) {
				terms = append(terms, Term{string(runes[i : i+2]), offsets[i], offsets[i+2]})
			}
			i++
		case isWord(r):
			j := i + 1
			for j < len(runes) && isWord(runes[j]) && !isIdeographic(runes[j]) {
				j++
			}
			terms = append(terms, Term{stem(Normalize(string(runes[i:j]))), offsets[i], offsets[j]})
			i = j
		default:
			i++
		}
	}
	return terms
}

// Words returns the normalised, unstemmed words of s in order; ideographs stand alone.
func Words(s string) []string {
	var words []string
	runes := []rune(Normalize(s))
	for i := 0; i < len(runes); {
		switch r := runes[i]; {
		case isIdeographic(r):
			words = append(words, string(r))
			i++
		case isWord(r):
			j := i + 1
			for j < len(runes) && isWord(runes[j]) && !isIdeographic(runes[j]) {
				j++
			}
			words = append(words, string(runes[i:j]))
			i = j
		default:
			i++
		}
	}
	return words
}

func stem(word string) string {
	for _, r := range word {
		if r > unicode.MaxASCII {
			return word
		}
	}
	return english.Stem(word, false)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) }

func isIdeographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// Span is a part of a text, as byte offsets.
type Span struct{ Start, End int }

// Sentences splits s at sentence ends and line breaks. The spans are trimmed, in order, and never empty.
func Sentences(s string) []Span {
	var spans []Span
	start := 0
	flush := func(end int) {
		part := s[start:end]
		trimmed := strings.TrimSpace(part)
		if trimmed != "" {
			lead := strings.Index(part, trimmed)
			spans = append(spans, Span{start + lead, start + lead + len(trimmed)})
		}
		start = end
	}
	runes := []rune(s)
	pos := 0
	for i, r := range runes {
		pos += len(string(r))
		next := ' '
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		switch {
		case strings.ContainsRune("\n。！？；", r):
			flush(pos)
		case strings.ContainsRune(".!?", r) && unicode.IsSpace(next) && !abbreviation(s[start:pos]):
			flush(pos)
		}
	}
	flush(len(s))
	return spans
}

// abbreviation reports whether s ends in a full stop that does not end a sentence.
func abbreviation(s string) bool {
	word := s[strings.LastIndexAny(s, " \t\n(")+1:]
	switch strings.ToLower(word) {
	case "e.g.", "i.e.", "etc.", "vs.", "mr.", "mrs.", "ms.", "dr.", "no.", "approx.", "inc.", "ltd.", "st.":
		return true
	}
	// A number at the start of a line ("1. Open the box") is a list mark.
	return len(word) > 1 && len(word) <= 3 && strings.Trim(word, "0123456789.") == "" && strings.TrimSpace(s) == word
}
