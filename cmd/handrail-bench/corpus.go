package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"handrail/knowledge"
)

// corpus makes passages and the questions about them, the same in every run.
type corpus struct {
	rng   *rand.Rand
	zipf  *rand.Zipf
	words []string
	real  []knowledge.Passage // used in turn instead of generated ones
	next  int
	size  int // words of a generated passage on average
}

// vocabulary is the number of distinct words of the generated texts. Their frequencies follow Zipf's law, as those of
// any natural language do.
const vocabulary = 60_000

func newCorpus(path string) (*corpus, error) {
	c := &corpus{rng: rand.New(rand.NewPCG(1, 2)), size: 120}
	c.zipf = rand.NewZipf(c.rng, 1.07, 2.7, vocabulary-1)
	for range vocabulary {
		c.words = append(c.words, c.word())
	}
	if path == "" {
		return c, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var doc struct{ Title, Text string }
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		c.cut(doc.Title, doc.Text)
	}
	return c, lines.Err()
}

// cut makes passages of about 800 characters from a document.
func (c *corpus) cut(title, text string) {
	for runes := []rune(text); len(runes) > 0; {
		n := min(800, len(runes))
		c.real = append(c.real, knowledge.Passage{Title: title, Text: string(runes[:n])})
		runes = runes[n:]
	}
}

// word makes up a word of one to four syllables, or now and then one of two ideographs.
func (c *corpus) word() string {
	if c.rng.IntN(5) == 0 {
		return string([]rune{rune(0x4e00 + c.rng.IntN(3000)), rune(0x4e00 + c.rng.IntN(3000))})
	}
	var b strings.Builder
	for range 1 + c.rng.IntN(4) {
		b.WriteByte("bcdfghklmnprstvz"[c.rng.IntN(16)])
		b.WriteByte("aeiou"[c.rng.IntN(5)])
		if c.rng.IntN(3) == 0 {
			b.WriteByte("lnrst"[c.rng.IntN(5)])
		}
	}
	return b.String()
}

func (c *corpus) sentence(n int) string {
	picked := make([]string, n)
	for i := range picked {
		picked[i] = c.words[c.zipf.Uint64()]
	}
	return strings.Join(picked, " ")
}

// passage returns the next passage, below a title of four words.
func (c *corpus) passage() knowledge.Passage {
	c.next++
	if len(c.real) > 0 {
		p := c.real[(c.next-1)%len(c.real)]
		if c.next > len(c.real) { // A second copy must not be an exact one.
			p.Text = p.Text + " " + c.sentence(10)
		}
		return p
	}
	return knowledge.Passage{Title: c.sentence(4), Text: c.sentence(c.size/2 + c.rng.IntN(c.size))}
}

// question asks about a passage in ten of its words and two common ones.
func (c *corpus) question(p knowledge.Passage) string {
	words := strings.Fields(p.Title + " " + p.Text)
	if len([]rune(p.Text)) > 40 && len(words) < 12 { // Chinese has no blanks.
		r := []rune(p.Text)
		at := c.rng.IntN(len(r) - 20)
		return string(r[at : at+16])
	}
	var picked []string
	for range 8 {
		picked = append(picked, words[c.rng.IntN(len(words))])
	}
	return strings.Join(append(picked, c.words[0], c.words[1]), " ")
}
