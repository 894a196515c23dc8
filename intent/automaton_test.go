package intent

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The automaton finds what package regexp finds, for every expression of a table at once.
func TestAutomatonAgreesWithRegexp(t *testing.T) {
	t.Parallel()
	expressions := []string{`ab+c?`, `(?:a|b){2,3}`, `[^a]b`, `a b|b a`, `是(?:不|没)?是`, `.是`, `\w+`}
	a, err := newAutomaton(expressions)
	require.NoError(t, err)
	var anchored []*regexp.Regexp
	for _, e := range expressions {
		re := regexp.MustCompile(`^(?:` + e + `)$`)
		anchored = append(anchored, re)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", " ", "是", "不", "é"}), 0, 12).Draw(t, "s"), "")
		ends := make([]int, len(expressions))
		labels := a.ends(s, 0, ends)
		for label, re := range anchored {
			longest := 0
			for end := 1; end <= len(s); end++ {
				if border(s, end) && re.MatchString(s[:end]) {
					longest = end
				}
			}
			if got := labels>>label&1 == 1; got != (longest > 0) || got && ends[label] != longest {
				t.Fatalf("%q in %q: %v, ends at %d, want %d", expressions[label], s, got, ends[label], longest)
			}
		}
	})
}

// An automaton that has forgotten its states is as right as before.
func TestAutomatonBeyondItsStates(t *testing.T) {
	t.Parallel()
	a, err := newAutomaton([]string{`[ab]*a[ab]{14}`})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ab]{15,200}`).Draw(t, "s")
		end := 0
		for i := 15; i <= len(s); i++ {
			if s[i-15] == 'a' && border(s, i) {
				end = i
			}
		}
		if got := a.at(s, 0).end; got != end {
			t.Fatalf("%q ends at %d, want %d", s, got, end)
		}
	})
	require.LessOrEqual(t, len(a.states), maxStates)
}

func TestTablesRefuseMistakes(t *testing.T) {
	t.Parallel()
	require.PanicsWithValue(t, "x.txt:2: an expression without a label", func() { newTable("x.txt", "# comment\nhello\n") })
	require.Panics(t, func() { newTable("x.txt", "[a]\n(hello\n") })
}
