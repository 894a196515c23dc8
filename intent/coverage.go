package intent

// holdings says which features occurred in the examples of which classes: a row of bits for each feature.
type holdings struct {
	width int // words of 64 bits in a row
	bits  []uint64
}

func newHoldings(xs []vector, labels []int, classes, features int) holdings {
	t := holdings{width: tableWidth(classes)}
	t.bits = make([]uint64, features*t.width)
	for i, x := range xs {
		for _, f := range x.ids {
			t.bits[int(f)*t.width+labels[i]/64] |= 1 << (labels[i] % 64)
		}
	}
	return t
}

func tableWidth(classes int) int { return (classes + 63) / 64 }

func (t *holdings) has(feature int32, class int) bool {
	return t.bits[int(feature)*t.width+class/64]&(1<<(class%64)) != 0
}

// coverage is the share of a text's information that the examples of a class contain, in [0,1]. A message about
// something else may share a telling word with an intent, and then has a fine margin; but the rest of it is news.
func (c *classifier) coverage(x vector, strange float64, class int) float64 {
	all, covered := strange, 0.0
	for _, id := range x.ids {
		w := float64(c.vocabulary.weights[id])
		all += w * w
		if c.seen.has(id, class) {
			covered += w * w
		}
	}
	return covered / max(all, 1e-9)
}
