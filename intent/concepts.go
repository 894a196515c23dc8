package intent

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed concepts.txt
var conceptLines string

// lexicon maps words to the numbers of the concepts they may express.
type lexicon struct {
	stems   map[string][]int // stemmed words of alphabetic scripts
	han     map[string][]int // sequences of ideographs
	longest int              // of han, in characters
}

// concepts reads the lexicon at first use; it never changes.
var concepts = sync.OnceValue(func() lexicon {
	l := lexicon{stems: map[string][]int{}, han: map[string][]int{}}
	number := 0
	for line := range strings.Lines(conceptLines) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			if ideographic(word) {
				l.han[word] = append(l.han[word], number)
				l.longest = max(l.longest, utf8.RuneCountInString(word))
			} else {
				l.stems[stem(word)] = append(l.stems[stem(word)], number)
			}
		}
		number++
	}
	return l
})

// conceptsOf returns the distinct concepts of a text's words, in order of appearance.
func conceptsOf(words []string) []int {
	l := concepts()
	var found []int
	seen := map[int]bool{}
	add := func(numbers []int) {
		for _, n := range numbers {
			if !seen[n] {
				seen[n] = true
				found = append(found, n)
			}
		}
	}
	for i, w := range words {
		if !ideographic(w) {
			add(l.stems[stem(w)])
			continue
		}
		for n := 1; n <= l.longest && i+n <= len(words); n++ {
			add(l.han[strings.Join(words[i:i+n], "")])
		}
	}
	return found
}
