package evals

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/knowledge"
)

// sampleReport has every part that a report can show.
func sampleReport() (Report, Baseline) {
	r := Report{Suite: "shop", At: time.Date(2026, 3, 5, 9, 30, 0, 0, time.UTC), Metrics: map[string]float64{"pass": .5, "ece": .1, "p50_ms": 12.34},
		Intervals: map[string]Interval{"pass": {Low: .1, High: .9}},
		Curve:     RiskCoverage([]float64{.9, .8, .4, .2}, []bool{true, true, true, false})}
	for i, conf := range []float64{.95, .55, .15} {
		r.Results = append(r.Results, Result{ID: fmt.Sprintf("c%d", i), Question: "How | much <b>?", Tags: []string{"answerable", fmt.Sprintf("t%d", i)},
			Expected: bot.Answer, Decision: bot.Answer, Reason: bot.ReasonConfident, Confidence: conf, Threshold: .8, Reply: "It costs @all 4.90.",
			Intent: "fees", WantIntent: []string{"fees", "returns", "fees"}[i], Pass: i == 0, Right: i < 2, Ms: 1500,
			Passages: []Passage{{Title: "Fees > Express", URI: "fees.md", Score: 1.25, Parts: map[string]float64{"lexical": 1.25}, Text: "Express costs 9.90."}}})
		if i > 0 {
			r.Results[i].Failures = []string{"the reply lacks \"9.90\""}
		}
	}
	return r, Baseline{Suite: "shop", Metrics: map[string]float64{"pass": .75, "ece": .1}}
}

func written(t *testing.T, name string, r Report, base Baseline, worse ...Regression) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, Write(dir, r, base, worse))
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(b)
}

func TestSummary(t *testing.T) {
	t.Parallel()
	r, base := sampleReport()
	var b strings.Builder
	require.NoError(t, WriteSummary(&b, r, base))
	for _, want := range []string{`metric\s+value\s+interval\s+baseline\s+difference`, `ece\s+0\.100\s+0\.100\s+=`, `pass\s+0\.500\s+0\.100 to 0\.900\s+0\.750\s+-0\.250\s+worse`,
		`p50_ms\s+12\.3\s`, `worst tags\s+as expected\nt1\s+0 of 1\nt2\s+0 of 1\nanswerable\s+1 of 3\n`, `2 of 3 cases not as expected`} {
		require.Regexp(t, want, b.String())
	}
	b.Reset()
	require.NoError(t, WriteSummary(&b, r, Baseline{}))
	require.NotContains(t, b.String(), "baseline", "there is none")
}

// The page must work from a folder, for everybody, and without asking anybody for anything.
func TestThePageStandsAlone(t *testing.T) {
	t.Parallel()
	r, base := sampleReport()
	page := written(t, "report.html", r, base, Regression{Case: "c1", Detail: "lacks <9.90>"})
	require.NotRegexp(t, `(?i)<script|<link|<img|<iframe|\s(src|href)=|url\(|@import|https?:`, page)
	require.Contains(t, page, `default-src 'none'`)
	require.Contains(t, page, `name="viewport"`)
	require.Contains(t, page, "prefers-color-scheme:dark")
	require.Contains(t, page, "@media print")
	require.NotContains(t, page, "<b>")
	require.Contains(t, page, "1 regressions")

	heads := regexp.MustCompile(`<h(\d)`).FindAllStringSubmatch(page, -1)
	level := 0
	for _, h := range heads {
		now := int(h[1][0] - '0')
		require.LessOrEqual(t, now, level+1, "a heading skips a level")
		level = now
	}
	for _, th := range regexp.MustCompile(`<th[ >][^>]*>?`).FindAllString(page, -1) {
		require.Contains(t, th, "scope=")
	}
	charts := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	require.Len(t, charts, 3)
	for _, c := range charts {
		require.Regexp(t, `role="img" aria-labelledby="(\w+)-title \w+-desc">\s*<title id="\w+-title">[^<]+</title>\s*<desc id="\w+-desc">[^<]+</desc>`, c)
		require.NoError(t, xml.Unmarshal([]byte(c), new(struct{})), "the drawing is well formed")
		require.NotContains(t, c, "NaN")
		require.NotContains(t, c, "ZgotmplZ")
	}
	require.Contains(t, page, "returns taken for fees: 1.")
	require.Contains(t, page, "Confidence 90 % to 100 %, 1 cases: 1.000 right.")
	require.Contains(t, page, "100 % answered: 0.250 wrong.")
	require.Equal(t, 2, strings.Count(page, `<details class="case">`), "the failing cases, and no others")
	require.Contains(t, page, "score 1.250 &middot; lexical 1.250")
}

// A suite without any of the kinds of cases that charts need still has its page.
func TestThePageOfABareReport(t *testing.T) {
	t.Parallel()
	r := Report{Suite: "bare", Results: []Result{{ID: "a", Pass: true}}}
	page := written(t, "report.html", r, Baseline{})
	require.NotContains(t, page, "<svg")
	require.NotContains(t, page, "baseline")
	require.Contains(t, page, "every case came out as expected")
	require.NotContains(t, written(t, "report.md", r, Baseline{}), "##  ")
}

// Markdown is shown in pull requests, where a question must not turn into a table, a tag or somebody's name.
func TestMarkdownKeepsTextsApart(t *testing.T) {
	t.Parallel()
	r, base := sampleReport()
	page := written(t, "report.md", r, base)
	require.Contains(t, page, `**c1** How \| much &lt;b&gt;?`)
	require.Contains(t, page, "| metric | value | interval | baseline | difference |\n|---|---:|---|---:|---:|\n| ece | 0.100 |  | 0.100 | = |\n")
	require.Contains(t, page, "| pass | 0.500 | 0.100 to 0.900 | 0.750 | -0.250 worse |")
	require.Contains(t, page, "| t1 | 0 | 1 | 0 % |")
	require.Equal(t, "a b \\# &lt;x&gt; @\u200bme", escapeMarkdown("a\nb # <x> @me"))
}

func TestJUnitHasTheUsualShape(t *testing.T) {
	t.Parallel()
	r, base := sampleReport()
	text := written(t, "junit.xml", r, base, Regression{Case: "c1", Detail: "x"}, Regression{Metric: "pass", Got: .5, Baseline: .75})
	type node struct {
		XMLName  xml.Name
		Attrs    []xml.Attr `xml:",any,attr"`
		Children []node     `xml:",any"`
		Text     string     `xml:",chardata"`
	}
	var root node
	require.NoError(t, xml.Unmarshal([]byte(text), &root))
	attributes := func(n node) map[string]string {
		m := map[string]string{}
		for _, a := range n.Attrs {
			m[a.Name.Local] = a.Value
		}
		return m
	}
	require.Equal(t, "testsuite", root.XMLName.Local)
	require.Equal(t, map[string]string{"name": "shop", "timestamp": "2026-03-05T09:30:00", "hostname": "localhost", "tests": "4", "failures": "2",
		"errors": "0", "time": "4.5"}, attributes(root))
	var order []string
	for _, c := range root.Children {
		order = append(order, c.XMLName.Local)
		if c.XMLName.Local == "testcase" {
			require.Subset(t, []string{"name", "classname", "time"}, keysOf(attributes(c)))
			require.Len(t, c.Attrs, 3)
		}
		for _, f := range c.Children {
			require.Equal(t, "failure", f.XMLName.Local)
			require.Equal(t, "regression", attributes(f)["type"])
		}
	}
	require.Equal(t, []string{"properties", "testcase", "testcase", "testcase", "testcase", "system-out", "system-err"}, order, "as the schema orders them")
	require.Contains(t, root.Children[2].Children[0].Text, "question: How | much <b>?")
}

func keysOf(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func TestAConfusionOfManyIntentsShowsTheWorst(t *testing.T) {
	t.Parallel()
	var results []Result
	for i := range 30 {
		name := fmt.Sprintf("intent_%02d", i)
		got := name
		if i >= 28 {
			got = "" // none was recognised
		}
		results = append(results, Result{WantIntent: name, Intent: got})
	}
	c := newConfusionChart(results)
	require.Len(t, c.Rows, maxIntents)
	require.Equal(t, []int{17, 28, 30}, []int{c.LeftOut, c.Right, c.Cases})
	require.Equal(t, []confusionPair{{"intent_28", "(none)", 1}, {"intent_29", "(none)", 1}}, c.Pairs)
	require.Nil(t, newConfusionChart([]Result{{Intent: "x"}}))
}

func TestPassagesAreShortened(t *testing.T) {
	t.Parallel()
	reply := bot.Reply{Passages: []knowledge.Hit{{Score: 1.23456, Parts: knowledge.Parts{Lexical: 1, Contrast: -.2},
		Passage: knowledge.Passage{Title: "Fees", HeadingPath: []string{"Express"}, URI: "fees.md", Text: strings.Repeat("长", 400)}}}}
	got := passagesOf(reply)[0]
	require.Equal(t, Passage{Title: "Fees > Express", URI: "fees.md", Score: 1.2346, Parts: map[string]float64{"lexical": 1, "contrast": -.2},
		Text: strings.Repeat("长", 300)}, got)
	require.Equal(t, []Passage{}, passagesOf(bot.Reply{}))
}
