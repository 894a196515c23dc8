package text

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed paraphrases.txt
var paraphraseLines string

// branch is a node of the trie of paraphrases: where each next term leads, and the concept that ends here.
type branch struct {
	next    map[string]*branch
	concept string // "" if no paraphrase ends here
}

// paraphrases reads the lexicon at first use; it never changes. A concept is named after the first word of its line,
// with a mark that no term of [Terms] can hold.
var paraphrases = sync.OnceValue(func() *branch {
	root := &branch{next: map[string]*branch{}}
	for line := range strings.Lines(paraphraseLines) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range words {
			root.plant(unpaired(Terms(strings.ReplaceAll(w, "_", " "))), "="+words[0])
		}
	}
	return root
})

func (b *branch) plant(path []Term, concept string) {
	for _, t := range path {
		child, ok := b.next[t.Text]
		if !ok {
			child = &branch{next: map[string]*branch{}}
			b.next[t.Text] = child
		}
		b = child
	}
	b.concept = concept
}

// Concepts returns the meanings that the lexicon knows in a text, given as its [Terms]: "how much" and "cost", or 退钱
// and 返款, yield the same term. The longest phrase wins, and phrases do not overlap. The terms are in order and span
// what they stand for.
func Concepts(terms []Term) []Term {
	var found []Term
	units := unpaired(terms)
	for i := 0; i < len(units); {
		concept, n := longest(units[i:])
		if concept != "" {
			found = append(found, Term{concept, units[i].Start, units[i+n-1].End, Concept})
		}
		i += n
	}
	return found
}

// longest finds the longest phrase at the start of units, which is not empty; n is the number of units to step over.
func longest(units []Term) (concept string, n int) {
	n = 1
	at := paraphrases()
	for i, u := range units {
		// A phrase goes on over one space or hyphen between words, and over nothing between ideographs.
		if i > 0 && u.Start-units[i-1].End > gap(u.Kind) {
			break
		}
		next, ok := at.next[u.Text]
		if !ok {
			break
		}
		if at = next; at.concept != "" {
			concept, n = at.concept, i+1
		}
	}
	return concept, n
}

func gap(k Kind) int {
	if k == Word {
		return 1
	}
	return 0
}

// unpaired leaves out the pairs of ideographs, which overlap the characters that they consist of.
func unpaired(terms []Term) []Term {
	units := make([]Term, 0, len(terms))
	for _, t := range terms {
		if t.Kind != Pair {
			units = append(units, t)
		}
	}
	return units
}
