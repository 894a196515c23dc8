package text

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/kljensen/snowball/english"
)

// stemCache remembers stems. Stemming is half of the cost of comparing English texts, and a language has few words that
// recur often: a slot that two words share is simply overwritten. It holds at most about three megabytes.
type stemCache struct {
	seed  maphash.Seed
	slots [1 << 15]atomic.Pointer[stemmed]
}

type stemmed struct{ word, stem string }

// longestCached keeps what is no word, such as a hash or a base64 line, from taking memory.
const longestCached = 32

// stems is shared by everything that splits texts. What it returns never depends on what it holds.
var stems = &stemCache{seed: maphash.MakeSeed()}

func (c *stemCache) get(word string) string {
	if len(word) > longestCached {
		return stem(word)
	}
	slot := &c.slots[maphash.String(c.seed, word)%uint64(len(c.slots))]
	if known := slot.Load(); known != nil && known.word == word {
		return known.stem
	}
	s := stem(word)
	// The word may be a piece of a whole document, which must not stay in memory with it.
	owned := string([]byte(word))
	if s == word {
		s = owned
	}
	slot.Store(&stemmed{owned, s})
	return s
}

// stem leaves words with letters beyond ASCII alone: the English stemmer would only damage them.
func stem(word string) string {
	if !isASCII(word) {
		return word
	}
	return english.Stem(word, false)
}
