package evals

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// reportData is a report as the templates and the terminal show it.
type reportData struct {
	Report
	Compared    bool // there is a baseline
	Intervals   bool // some metric has one
	Rows        []metricRow
	TagRows     []tagRow // worst first
	Failing     []Result
	Regressions []Regression
	Risk        *riskChart        // nil where no case says how right the confidence is, as for Reliability
	Reliability *reliabilityChart //
	Confusion   *confusionChart   // nil where no case expects an intent
}

// metricRow is one line of the table of metrics. What is "" is absent.
type metricRow struct {
	Name, Value, Baseline, Difference string
	Interval                          string // within which the value lies for another sample of such cases, in words
	Verdict                           string // "better" or "worse" than the baseline; "" for equal, and for times
}

// tagRow is how the cases of one tag did.
type tagRow struct {
	Tag           string
	Cases, Passed int
}

// Share is the share of the tag's cases that passed.
func (t tagRow) Share() float64 { return float64(t.Passed) / float64(t.Cases) }

func describe(r Report, base Baseline, regressions []Regression) reportData {
	d := reportData{Report: r, Compared: base.Metrics != nil, Regressions: regressions, TagRows: tagRows(r.Results),
		Risk: newRiskChart(r.Curve), Reliability: newReliabilityChart(r.Results), Confusion: newConfusionChart(r.Results)}
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		row := rowOf(name, r.Metrics[name], base)
		if i, ok := r.Intervals[name]; ok {
			row.Interval = fmt.Sprintf("%.3f to %.3f", i.Low, i.High)
		}
		d.Intervals = d.Intervals || row.Interval != ""
		d.Rows = append(d.Rows, row)
	}
	for _, res := range r.Results {
		if !res.Pass {
			d.Failing = append(d.Failing, res)
		}
	}
	return d
}

func rowOf(name string, value float64, base Baseline) metricRow {
	format := "%.3f"
	if strings.HasSuffix(name, "_ms") {
		format = "%.1f"
	}
	row := metricRow{Name: name, Value: fmt.Sprintf(format, value)}
	before, ok := base.Metrics[name]
	if !ok {
		return row
	}
	row.Baseline = fmt.Sprintf(format, before)
	switch diff := value - before; {
	case math.Abs(diff) < 0.0005:
		row.Difference = "="
	default:
		row.Difference = fmt.Sprintf("%+.3f", diff)
		if way := directions()[name]; way != neither {
			row.Verdict = map[bool]string{true: "better", false: "worse"}[(way == higher) == (diff > 0)]
		}
	}
	return row
}

// tagRows are the tags of the cases, the one with the smallest share of passed cases first, the larger one of equals.
func tagRows(results []Result) []tagRow {
	by := map[string]*tagRow{}
	for _, r := range results {
		for _, tag := range r.Tags {
			if by[tag] == nil {
				by[tag] = &tagRow{Tag: tag}
			}
			by[tag].Cases++
			if r.Pass {
				by[tag].Passed++
			}
		}
	}
	var rows []tagRow
	for _, tag := range slices.Sorted(maps.Keys(by)) {
		rows = append(rows, *by[tag])
	}
	slices.SortStableFunc(rows, func(a, b tagRow) int {
		return cmp.Or(cmp.Compare(a.Share(), b.Share()), cmp.Compare(b.Cases, a.Cases))
	})
	return rows
}

// escapeMarkdown is s as text on one line: questions and replies may hold marks, links and bars of a table.
func escapeMarkdown(s string) string {
	marks := strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;",
		"|", `\|`, "#", `\#`, "@", "@\u200b", "\r", " ", "\n", " ")
	return marks.Replace(s)
}
