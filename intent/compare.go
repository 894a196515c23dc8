package intent

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"
)

const (
	// maxFlipped and maxConfusions bound what a comparison lists.
	maxFlipped    = 500
	maxConfusions = 200
)

// judged is an example with what both versions take it for.
type judged struct {
	Example
	a, b string
}

// Compare scores two stored versions on the same split. An example that the versions have under different intents is
// taken to mean what the later version says. An unknown version is of kind [errs.NotFound].
func (c *Classifier) Compare(ctx context.Context, ws uuid.UUID, a, b int) (Comparison, error) {
	catalogA, err := c.CatalogOf(ctx, ws, a)
	if err != nil {
		return Comparison{}, err
	}
	catalogB, err := c.CatalogOf(ctx, ws, b)
	if err != nil {
		return Comparison{}, err
	}
	done, err := c.alone(ctx)
	if err != nil {
		return Comparison{}, err
	}
	defer done()
	first, second := catalogA.Train(), catalogB.Train()
	union := unionOf(second, first)
	if a > b {
		union = unionOf(first, second)
	}
	list, err := judgeBoth(ctx, union, first, second)
	if err != nil {
		return Comparison{}, err
	}
	out := Comparison{A: a, B: b, Examples: len(list), Intents: []IntentScores{}, Confusion: []Confusion{}, Flipped: []Flip{}}
	out.score(list)
	return out, nil
}

// unionOf is the examples of both, each text once, under the intent that the first list gives it.
func unionOf(lists ...[]Example) []Example {
	var out []Example
	seen := map[string]bool{}
	for _, list := range lists {
		for _, e := range list {
			if key := keyOf(e.Text); !seen[key] {
				seen[key] = true
				out = append(out, e)
			}
		}
	}
	return out
}

// judgeBoth returns the examples that models of both versions judged without having seen them. The error is that of ctx.
func judgeBoth(ctx context.Context, union, first, second []Example) ([]judged, error) {
	s := splitOf(union)
	var out []judged
	for fold := range s.tested {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a, b := s.judge(fold, first, union), s.judge(fold, second, union)
		for i, e := range union {
			if a[i] != nil && b[i] != nil {
				out = append(out, judged{e, a[i].Intent, b[i].Intent})
			}
		}
	}
	return out, ctx.Err()
}

func (c *Comparison) score(list []judged) {
	var accuracy, oos Pair[tally]
	names := map[string]bool{}
	confused := map[[2]string]*Confusion{}
	mistaken := func(want, got string) *Confusion {
		f := confused[[2]string{want, got}]
		if f == nil {
			f = &Confusion{Want: want, Got: got}
			confused[[2]string{want, got}] = f
		}
		return f
	}
	for _, e := range list {
		names[e.Intent] = true
		to := &accuracy
		if e.Intent == OutOfScope {
			to = &oos
		}
		to.A.count(e.a == e.Intent)
		to.B.count(e.b == e.Intent)
		if e.a != e.Intent {
			mistaken(e.Intent, e.a).A++
		}
		if e.b != e.Intent {
			mistaken(e.Intent, e.b).B++
		}
		if e.a != e.b {
			c.Flipped = append(c.Flipped, flip(e))
		}
	}
	if accuracy.A.all > 0 {
		c.Accuracy = Pair[float64]{*accuracy.A.share(), *accuracy.B.share()}
	}
	if oos.A.all > 0 {
		c.OOSRecall = &Pair[float64]{*oos.A.share(), *oos.B.share()}
	}
	for name := range names {
		c.Intents = append(c.Intents, intentScores(name, list))
	}
	for _, f := range confused {
		c.Confusion = append(c.Confusion, *f)
	}
	c.order()
}

// order puts what matters first, and cuts off what nobody would read.
func (c *Comparison) order() {
	slices.SortFunc(c.Intents, func(a, b IntentScores) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Confusion, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(max(b.A-b.B, b.B-b.A), max(a.A-a.B, a.B-a.A)), cmp.Compare(b.A+b.B, a.A+a.B),
			cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got))
	})
	rank := map[string]int{"a": 0, "b": 0, "neither": 1}
	slices.SortStableFunc(c.Flipped, func(a, b Flip) int {
		return cmp.Or(cmp.Compare(rank[a.Better], rank[b.Better]), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Text, b.Text))
	})
	c.Confusion = c.Confusion[:min(len(c.Confusion), maxConfusions)]
	c.Flipped = c.Flipped[:min(len(c.Flipped), maxFlipped)]
}

func flip(e judged) Flip {
	f := Flip{Text: e.Text, Lang: e.Lang, Want: e.Intent, A: e.a, B: e.b, Better: "neither"}
	switch e.Intent {
	case e.a:
		f.Better = "a"
	case e.b:
		f.Better = "b"
	}
	return f
}

func intentScores(name string, list []judged) IntentScores {
	out := IntentScores{Name: name}
	var wanted, hitA, hitB, gotA, gotB int
	for _, e := range list {
		want, a, b := e.Intent == name, e.a == name, e.b == name
		wanted += count01(want)
		gotA, gotB = gotA+count01(a), gotB+count01(b)
		hitA, hitB = hitA+count01(want && a), hitB+count01(want && b)
	}
	out.N, out.A, out.B = wanted, scoreOf(hitA, gotA, wanted), scoreOf(hitB, gotB, wanted)
	return out
}

func count01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scoreOf is zero where there is nothing to divide by.
func scoreOf(hit, got, wanted int) Score {
	s := Score{Precision: float64(hit) / float64(max(got, 1)), Recall: float64(hit) / float64(max(wanted, 1))}
	if hit > 0 {
		s.F1 = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
	}
	return s
}
