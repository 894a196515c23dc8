package bot

import "slices"

// together reports whether the n units from i stand side by side somewhere.
func (a alignment) together(i, n int) bool {
	for _, at := range a.at[i] {
		k := 1
		for k < n && slices.Contains(a.at[i+k], at+k) {
			k++
		}
		if k == n {
			return true
		}
	}
	return false
}

// fragments is the number of runs of units, each copied from one place, that the sentence can be put together from,
// as a share of the worst: every unit from somewhere else, or from nowhere.
func (a alignment) fragments() float64 {
	var n int
	for i := 0; i < len(a.said); n++ {
		length := 1
		for length < len(a.said)-i && a.together(i, length+1) {
			length++
		}
		i += length
	}
	return float64(n) / float64(len(a.said))
}

// worstStretch is the number of units in a stretch that is looked at by itself.
const worstStretch = 5

// worst is the share of the units found in the stretch of the sentence where least is found: a claim that was added
// to a sentence full of true ones shows there.
func (a alignment) worst() float64 {
	n := min(worstStretch, len(a.said))
	least := 1.0
	for i := 0; i+n <= len(a.said); i++ {
		var sum float64
		for _, m := range a.match[i : i+n] {
			sum += m
		}
		least = min(least, sum/float64(n))
	}
	return least
}

// manyStrangers is the number of unknown content units beyond which more make no difference.
const manyStrangers = 6

// strangers counts the content units that stand nowhere.
func (a alignment) strangers() float64 {
	var n float64
	for i, u := range a.said {
		n += truth(u.content && a.match[i] == 0)
	}
	return min(1, n/manyStrangers)
}

// speaker reports whether the sentence speaks of "I" where the window does not.
func (a alignment) speaker(w window) bool {
	speaks := func(u unit) bool { return u.text == "i" || u.text == "my" || u.text == "me" || u.text == "我" }
	return slices.ContainsFunc(a.said, speaks) && !slices.ContainsFunc(a.in.units[w.from:w.to], speaks)
}

// missing is the share of the units of a kind that stand nowhere; 0 if there are none of that kind.
func (a alignment) missing(kind func(unit) bool) float64 {
	var missing, all float64
	for i, u := range a.said {
		if kind(u) {
			all++
			missing += truth(a.match[i] == 0)
		}
	}
	if all == 0 {
		return 0
	}
	return missing / all
}
