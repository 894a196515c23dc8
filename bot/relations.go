package bot

import (
	"iter"
	"slices"
)

// linkReach is how many units apart two content words may stand in the context to be linked there.
const linkReach = 6

// links is the share of neighbouring content units that the context links in the same order.
func (a alignment) links() float64 {
	content := a.content()
	if len(content) < 2 {
		return a.coverage(0, len(a.in.units))
	}
	var found float64
	for k := range len(content) - 1 {
		found += truth(a.linked(content[k], content[k+1], window{0, len(a.in.units)}))
	}
	return found / float64(len(content)-1)
}

// linked reports whether unit i stands shortly before unit j within w.
func (a alignment) linked(i, j int, w window) bool {
	for p, q := range a.places(i, j) {
		if p >= w.from && q < w.to {
			return true
		}
	}
	return false
}

// places yields where unit i stands shortly before unit j in one sentence of the context.
func (a alignment) places(i, j int) iter.Seq2[int, int] {
	return func(yield func(p, q int) bool) {
		for _, p := range a.at[i] {
			k, _ := slices.BinarySearch(a.at[j], p+1)
			for ; k < len(a.at[j]) && a.at[j][k] <= p+linkReach; k++ {
				q := a.at[j][k]
				if a.in.units[p].sentence == a.in.units[q].sentence && !yield(p, q) {
					return
				}
			}
		}
	}
}

// swapped is the share of neighbouring content units that the window has in the opposite order only; 0 if one of the two
// is in the passive voice, which turns the order round rightly.
func (a alignment) swapped(w window) float64 {
	if isPassive(a.said) != isPassive(a.in.units[w.from:w.to]) {
		return 0
	}
	content := a.content()
	var swapped, all float64
	for k := range max(0, len(content)-1) {
		i, j := content[k], content[k+1]
		if a.linked(i, j, w) {
			all++
		} else if a.linked(j, i, w) {
			all++
			swapped++
		}
	}
	if all == 0 {
		return 0
	}
	return swapped / all
}

// content returns the indices of the content units.
func (a alignment) content() []int {
	var content []int
	for i, u := range a.said {
		if u.content {
			content = append(content, i)
		}
	}
	return content
}

// negationReach is how many units before a link a negation may stand and still deny it.
const negationReach = 2

// negated reports whether there is a link that is denied in one of sentence and context only.
func (a alignment) negated() bool {
	content := a.content()
	for k := range max(0, len(content)-1) {
		i, j := content[k], content[k+1]
		linked, agrees := false, false
		for p, q := range a.places(i, j) {
			linked = true
			agrees = agrees || denied(a.said, i, j) == denied(a.in.units, p, q)
		}
		if linked && !agrees {
			return true
		}
	}
	return false
}

// denied reports whether a negation stands between two units or shortly before them.
func denied(units []unit, from, to int) bool {
	return slices.ContainsFunc(units[max(0, from-negationReach):to], func(u unit) bool { return u.negative })
}

// isPassive reports whether units may be in the passive voice.
func isPassive(units []unit) bool {
	return slices.ContainsFunc(units, func(u unit) bool {
		return slices.Contains([]string{"by", "is", "are", "was", "were", "be", "been", "被", "由"}, u.text)
	})
}
