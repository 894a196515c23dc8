package intent

import (
	"iter"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// maxMatch is how many bytes a match may span. Without it an expression that repeats would read a hostile message to
// its end from every word of it.
const maxMatch = 512

// from yields the end of everything that matches s from byte i on, with the labels of what ends there. Ends grow, and
// are a [border].
func (a *automaton) from(s string, i int) iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		state := a.start.Load()
		for limit := min(len(s), i+maxMatch); i < limit; {
			r, size := utf8.DecodeRuneInString(s[i:])
			if state = a.step(state, r); state == nil {
				return
			}
			i += size
			if state.accepts != 0 && border(s, i) && !yield(i, state.accepts) {
				return
			}
		}
	}
}

// match is what begins at one place of a text.
type match struct {
	any     uint64 // labels of all expressions that match here
	longest uint64 // labels of the longest match
	end     int    // of the longest match, in bytes
}

func (a *automaton) at(s string, i int) match {
	var m match
	for end, labels := range a.from(s, i) {
		m.any |= labels
		m.longest, m.end = labels, end
	}
	return m
}

// ends notes in to, for every label, the end of its longest match from byte i on, and returns the labels that match.
func (a *automaton) ends(s string, i int, to []int) (all uint64) {
	for end, labels := range a.from(s, i) {
		all |= labels
		for rest := labels; rest != 0; rest &= rest - 1 {
			to[lowest(rest)] = end
		}
	}
	return all
}

// endOf returns the end of the longest match of some labels from byte i on, or i.
func (a *automaton) endOf(s string, i int, wanted uint64) int {
	longest := i
	for end, labels := range a.from(s, i) {
		if labels&wanted != 0 {
			longest = end
		}
	}
	return longest
}

// lowest returns the first label of a set.
func lowest(labels uint64) int { return bits.TrailingZeros64(labels) }

// border reports whether a word may begin or end at byte i. Scripts that write words without spaces, or glue particles
// to them, have a border everywhere.
func border(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i:])
	return !spaced(before) || !spaced(after)
}

// spaced reports whether a character belongs to a script that puts spaces between words.
func spaced(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r < 0x700 && unicode.IsLetter(r)
}
