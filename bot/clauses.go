package bot

import "slices"

// clauseContent is the least number of content units that a clause of a sentence is looked at by itself with.
const clauseContent = 2

// clausesOf splits units at commas and the like; a clause that says too little joins the one before it.
func clausesOf(units []unit) []window {
	var clauses []window
	var content int
	for i, u := range units {
		if i == 0 || u.opens && content >= clauseContent {
			clauses = append(clauses, window{i, i})
			content = 0
		}
		content += int(truth(u.content))
		clauses[len(clauses)-1].to = i + 1
	}
	return clauses
}

// joinCost is what a window of two clauses loses against a single one that holds as much.
const joinCost = 0.75

// bestClause returns the clause of the context, or the two in a row, that cover most of the said units, by their
// weights, among those that pass keep, and the share they cover.
func (a alignment) bestClause(said window, keep func(window) bool) (best window, share float64) {
	share = -1
	clauses := a.in.clauses
	for i, c := range clauses {
		if s := a.share(said, c); s > share && keep(c) {
			best, share = c, s
		}
		if i+1 == len(clauses) {
			break
		}
		two := window{c.from, clauses[i+1].to}
		if s := joinCost * a.share(said, two); s > share && keep(two) {
			best, share = two, s
		}
	}
	return best, share
}

// share is the weight of the said units that stand in the window, as a share.
func (a alignment) share(said, in window) float64 {
	var found, all float64
	for i := said.from; i < said.to; i++ {
		w := a.in.weight(a.said[i])
		all += w
		found += w * a.match[i] * truth(a.within(i, in))
	}
	return found / all
}

// within reports whether unit i stands in the window.
func (a alignment) within(i int, w window) bool {
	k, _ := slices.BinarySearch(a.at[i], w.from)
	return k < len(a.at[i]) && a.at[i][k] < w.to
}

// misplacedMargin is how much better a clause without a number or name must fit what is said about it.
const misplacedMargin = 0.05

// misplaced reports whether a number or name stands in the passages, but where the rest of its clause fits best, another
// stands: the pieces are true and were put together wrongly.
func (a alignment) misplaced() bool {
	for _, said := range clausesOf(a.said) {
		for i := said.from; i < said.to; i++ {
			if u := a.said[i]; (u.number || u.name) && a.match[i] > 0 && a.isMisplaced(i, said) {
				return true
			}
		}
	}
	return false
}

func (a alignment) isMisplaced(i int, said window) bool {
	match := a.match[i]
	a.match[i] = 0 // only the rest of the clause counts
	defer func() { a.match[i] = match }()
	_, with := a.bestClause(said, func(w window) bool { return a.within(i, w) })
	_, without := a.bestClause(said, func(w window) bool {
		return !a.within(i, w) && slices.ContainsFunc(a.in.units[w.from:w.to], a.said[i].like)
	})
	return without > with+misplacedMargin
}
