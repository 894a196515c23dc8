package curation

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/internal/text"
)

// alike is the least likeness of a question to the representative of its group.
const alike = 0.6

// question is one that the bot could not answer.
type question struct {
	conversation uuid.UUID
	seq          int64
	text         string // masked, on one line
	lang         string
	reason       string
	at           time.Time
	dismissed    bool
}

// order is a total order that does not depend on how the questions were read.
func (q question) order(other question) int {
	return cmp.Or(q.at.Compare(other.at), cmp.Compare(q.conversation.String(), other.conversation.String()),
		cmp.Compare(q.seq, other.seq))
}

// group is some near-equal questions, in order. All who ask the same in the same words are one wording.
type group struct {
	key       string // of the representative's wording
	questions []question
	wordings  []string // keys of all wordings
}

// wording is a set of questions with the same words.
type wording struct {
	key       string
	questions []question
}

// keyOf names a wording: questions that differ in case, width and punctuation only have the same.
func keyOf(s string) string {
	sum := sha256.Sum256([]byte(strings.Join(text.Words(s), " ")))
	return hex.EncodeToString(sum[:8])
}

// groupQuestions groups near-equal questions: stars around the wordings that are like most others. The same questions
// in any order give the same groups in the same order, the largest first.
func groupQuestions(questions []question) []group {
	ws := wordings(questions)
	texts := make([]string, len(ws))
	for i, w := range ws {
		texts[i] = w.questions[0].text
	}
	near := neighbours(vectors(texts), alike)
	centre := stars(ws, near)
	groups := map[int]*group{}
	for i, w := range ws {
		c := centre[i]
		if groups[c] == nil {
			groups[c] = &group{key: ws[c].key}
		}
		groups[c].questions = append(groups[c].questions, w.questions...)
		groups[c].wordings = append(groups[c].wordings, w.key)
	}
	list := make([]group, 0, len(groups))
	for _, g := range groups {
		slices.SortFunc(g.questions, question.order)
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b group) int {
		return cmp.Or(cmp.Compare(len(b.questions), len(a.questions)), b.last().at.Compare(a.last().at),
			cmp.Compare(a.key, b.key))
	})
	return list
}

// wordings collects questions with the same words, ordered by key, and drops those without words.
func wordings(questions []question) []wording {
	byKey := map[string]*wording{}
	for _, q := range questions {
		if len(text.Words(q.text)) == 0 {
			continue
		}
		key := keyOf(q.text)
		if byKey[key] == nil {
			byKey[key] = &wording{key: key}
		}
		byKey[key].questions = append(byKey[key].questions, q)
	}
	list := make([]wording, 0, len(byKey))
	for _, w := range byKey {
		slices.SortFunc(w.questions, question.order)
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b wording) int { return cmp.Compare(a.key, b.key) })
	return list
}

// stars chooses the centres, the wording that is like most questions first, and returns the centre of each wording: the
// most alike among those it is next to. Chains of slightly different questions do not grow together this way, because
// all of a star are like its centre.
func stars(ws []wording, near [][]neighbour) []int {
	pull := make([]float64, len(ws))
	byPull := make([]int, len(ws))
	for i, w := range ws {
		pull[i], byPull[i] = float64(len(w.questions)), i
		for _, n := range near[i] {
			pull[i] += n.likeness * float64(len(ws[n.index].questions))
		}
	}
	slices.SortFunc(byPull, func(a, b int) int { return cmp.Or(cmp.Compare(pull[b], pull[a]), cmp.Compare(a, b)) })
	covered, isCentre := make([]bool, len(ws)), make([]bool, len(ws))
	for _, i := range byPull {
		if covered[i] {
			continue
		}
		isCentre[i] = true
		for _, n := range near[i] {
			covered[n.index] = true
		}
	}
	centre := make([]int, len(ws))
	for i := range ws {
		centre[i] = i
		if !isCentre[i] {
			centre[i] = nearestCentre(near[i], isCentre)
		}
	}
	return centre
}

// nearestCentre breaks ties by the wording's key, in whose order neighbours stand.
func nearestCentre(near []neighbour, isCentre []bool) int {
	best := neighbour{}
	for _, n := range near {
		if isCentre[n.index] && n.likeness > best.likeness {
			best = n
		}
	}
	return best.index
}

// representative is the first question with the words of the centre.
func (g group) representative() question {
	i := slices.IndexFunc(g.questions, func(q question) bool { return keyOf(q.text) == g.key })
	return g.questions[i]
}

func (g group) last() question { return g.questions[len(g.questions)-1] }

// dismissed reports whether nobody has asked since the group was put aside.
func (g group) dismissed() bool {
	return !slices.ContainsFunc(g.questions, func(q question) bool { return !q.dismissed })
}

// reason is the commonest reason of the group, the latest of equals.
func (g group) reason() string {
	count := map[string]int{}
	best := ""
	for _, q := range g.questions {
		count[q.reason]++
		if best == "" || count[q.reason] >= count[best] {
			best = q.reason
		}
	}
	return best
}
