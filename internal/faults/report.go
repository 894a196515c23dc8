package faults

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Report gathers the figures of a run. It is safe for concurrent use.
type Report struct {
	mu      sync.Mutex
	figures []Figure
}

// Figure is one number that a test has measured.
type Figure struct {
	Test  string  `json:"test"` // F1 to F14
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`            // "" for a count
	Limit string  `json:"limit,omitempty"` // what the test demands; "" = it only measures
}

// Count adds a number of things.
func (r *Report) Count(test, name string, n int, limit string) {
	r.add(Figure{Test: test, Name: name, Value: float64(n), Limit: limit})
}

// Time adds a duration, in milliseconds.
func (r *Report) Time(test, name string, d time.Duration, limit string) {
	r.add(Figure{Test: test, Name: name, Value: float64(d.Microseconds()) / 1000, Unit: "ms", Limit: limit})
}

func (r *Report) add(f Figure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.figures = append(r.figures, f)
}

// Print writes a table, in the order in which the figures came.
func (r *Report) Print(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.figures {
		fmt.Fprintf(w, "%-4s %-52s %12s %-3s %s\n", f.Test, f.Name, strings.TrimSuffix(fmt.Sprintf("%.1f", f.Value), ".0"), f.Unit, f.Limit)
	}
}

// Save writes the figures to a JSON file. Figures of other tests that the file holds stay, so that single tests can be
// run again.
func (r *Report) Save(file string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Figure
	if b, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(b, &all); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	all = slices.DeleteFunc(all, func(old Figure) bool {
		return slices.ContainsFunc(r.figures, func(f Figure) bool { return f.Test == old.Test })
	})
	b, err := json.MarshalIndent(append(all, r.figures...), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
