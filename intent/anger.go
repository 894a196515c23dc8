package intent

import (
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
)

//go:embed signals/anger.txt
var angerSource string

// angerTable is read at first use and never changes.
var angerTable = sync.OnceValue(func() *table { return newTable("anger.txt", angerSource) })

// Anger scores how angry a message sounds, in [0,1]: 0 calm, above 0.5 clearly angry. It adds up insults, complaints,
// sarcasm and threats in English and Chinese, capitals, and repeated exclamation marks; each further sign adds less.
// Swearing and capitals count only where nothing in the message is praised.
func Anger(message string) float64 {
	t := angerTable()
	seen := make([]int, len(t.labels))
	sums := make([]float64, len(t.labels))
	for _, clause := range clauses(message) {
		t.tally(clause, seen, sums)
	}
	joy, swear := slices.Index(t.labels, "joy"), slices.Index(t.labels, "swear")
	sum := max(0, sums[joy]+sums[swear]+shouting(message))
	sums[joy], sums[swear] = 0, 0
	for _, s := range sums {
		sum += s
	}
	return 1 - math.Exp(-sum-marks(message, sum))
}

// marks weighs exclamation and question marks. Alone they may be joy; they only strengthen what the words say.
func marks(message string, sum float64) float64 {
	exclaimed := strings.Count(message, "!") + strings.Count(message, "！")
	asked := strings.Contains(message, "??") || strings.Contains(message, "？？")
	extra := 0.0
	switch {
	case exclaimed >= 3:
		extra += 0.25
	case exclaimed > 0 && sum > 0:
		extra += 0.1
	}
	if asked && sum > 0 {
		extra += 0.15
	}
	return extra
}

// shouting weighs messages written mostly in capitals. Short ones are left out: "OK" and "HR-10423" are not shouted.
func shouting(message string) float64 {
	upper, letters, words := 0, 0, 0
	for _, w := range strings.Fields(message) {
		n, digits := 0, 0
		for _, r := range w {
			switch {
			case unicode.IsUpper(r):
				upper++
				n++
			case unicode.IsLower(r):
				letters++
			case unicode.IsDigit(r):
				digits++
			}
		}
		letters += n
		if n >= 2 && digits == 0 {
			words++
		}
	}
	if words >= 3 && upper*10 >= letters*8 {
		return 0.5
	}
	return 0
}
