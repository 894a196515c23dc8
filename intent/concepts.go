package intent

import (
	_ "embed"
	"strings"
	"sync"

	"handrail/internal/text"
)

//go:embed concepts.txt
var conceptLines string

// lexicon maps words and phrases to the numbers of the concepts they may express.
type lexicon struct {
	concepts map[uint64][]int // by the combined hashes of their stems
	longest  int              // phrase, in words or ideographs
}

// concepts reads the lexicon at first use; it never changes.
var concepts = sync.OnceValue(func() lexicon {
	l := lexicon{concepts: map[uint64][]int{}}
	number := 0
	for line := range strings.Lines(conceptLines) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, phrase := range strings.Fields(line) {
			key, n := uint64(0), 0
			for _, word := range text.Words(strings.ReplaceAll(phrase, "_", " ")) {
				key = combine(kindConcept, key, hash(stem(word)))
				n++
			}
			l.concepts[key] = append(l.concepts[key], number)
			l.longest = max(l.longest, n)
		}
		number++
	}
	return l
})

// conceptsOf returns the distinct concepts of a text's stems, in order of appearance.
func conceptsOf(stems []uint64) []int {
	l := concepts()
	var found []int
	seen := map[int]bool{}
	for i := range stems {
		key := uint64(0)
		for n := i; n < len(stems) && n < i+l.longest; n++ {
			key = combine(kindConcept, key, stems[n])
			for _, c := range l.concepts[key] {
				if !seen[c] {
					seen[c] = true
					found = append(found, c)
				}
			}
		}
	}
	return found
}
