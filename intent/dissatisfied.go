package intent

import (
	_ "embed"
	"math"
	"sync"
)

//go:embed signals/dissatisfied.txt
var dissatisfiedSource string

// dissatisfiedTable is read at first use and never changes.
var dissatisfiedTable = sync.OnceValue(func() *table { return newTable("dissatisfied.txt", dissatisfiedSource) })

// Dissatisfied scores how surely a message says that the answers before it were of no use, in [0,1]; from 0.5 on it
// says so: "still not working", "you already said that", 答非所问. A defect that is reported for the first time is no
// dissatisfaction with an answer. It knows English and Chinese well, and the usual phrases of eight more languages.
func Dissatisfied(s string) float64 {
	t := dissatisfiedTable()
	seen := make([]int, len(t.labels))
	sums := make([]float64, len(t.labels))
	for _, clause := range clauses(s) {
		t.tally(clause, seen, sums)
	}
	total := 0.0
	for _, sum := range sums {
		total += sum
	}
	return 1 - math.Exp(-total)
}
