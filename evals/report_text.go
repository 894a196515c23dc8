package evals

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// worstTags is how many tags the summary names.
const worstTags = 5

// WriteSummary writes the report for a terminal: metrics beside the baseline, unless that is the zero Baseline, the tags
// that did worst, and how many cases were not as expected.
func WriteSummary(w io.Writer, r Report, base Baseline) error {
	d := describe(r, base, nil)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(columns(d, "metric", "value", "interval", "baseline", "difference", ""), "\t"))
	for _, row := range d.Rows {
		fmt.Fprintln(t, strings.Join(columns(d, row.Name, row.Value, row.Interval, row.Baseline, row.Difference, row.Verdict), "\t"))
	}
	worst := 0
	for _, tag := range d.TagRows {
		if tag.Passed == tag.Cases || worst == worstTags {
			break
		}
		if worst == 0 {
			fmt.Fprintln(t, "\nworst tags\tas expected")
		}
		worst++
		fmt.Fprintf(t, "%s\t%d of %d\n", tag.Tag, tag.Passed, tag.Cases)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	if _, err := fmt.Fprintf(w, "\n%d of %d cases not as expected\n", len(d.Failing), len(d.Results)); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	return nil
}

// columns leaves out what this report has nothing to say in.
func columns(d reportData, name, value, interval, baseline, difference, verdict string) []string {
	out := []string{name, value}
	if d.Intervals {
		out = append(out, interval)
	}
	if d.Compared {
		out = append(out, baseline, difference, verdict)
	}
	return out
}
