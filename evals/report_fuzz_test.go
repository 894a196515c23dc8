package evals

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/bot"
)

// What visitors and models write stands in every report, and must stay text there.
func FuzzReportKeepsTextsApart(f *testing.F) {
	f.Add("plain")
	f.Add("</summary></details><script>alert(1)</script>")
	f.Add("| a | b |\n\n# head\n- item [x](javascript:y) @all `code` ]]>\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		s = "x" + s // what is empty has no elements
		r := Report{Suite: s, Results: []Result{{ID: s, Question: s, Tags: []string{s}, Reply: s, Failures: []string{s}, Decision: bot.Answer,
			Intent: s, WantIntent: "x" + s, Passages: []Passage{{Title: s, URI: s, Text: s}}}}}
		plain := Report{Suite: "x", Results: []Result{{ID: "x", Question: "x", Tags: []string{"x"}, Reply: "x", Failures: []string{"x"},
			Decision: bot.Answer, Intent: "x", WantIntent: "y", Passages: []Passage{{Title: "x", URI: "x", Text: "x"}}}}}
		worse := []Regression{{Case: s, Detail: s}}
		got, want := describe(r, Baseline{}, worse), describe(plain, Baseline{}, []Regression{{Case: "x", Detail: "x"}})

		page, err := html(got)
		require.NoError(t, err)
		model, err := html(want)
		require.NoError(t, err)
		require.NotContains(t, strings.ToLower(string(page)), "<script")
		require.Equal(t, strings.Count(string(model), "<"), strings.Count(string(page), "<"), "the same elements, whatever the text")

		short, err := markdown(got)
		require.NoError(t, err)
		other, err := markdown(want)
		require.NoError(t, err)
		require.Equal(t, strings.Count(string(other), "\n"), strings.Count(string(short), "\n"), "a text stays on its line")
		require.NotContains(t, string(short), "<script")

		tests, err := junit(got)
		require.NoError(t, err)
		var suite junitSuite
		require.NoError(t, xml.Unmarshal(tests, &suite))
		require.Equal(t, []int{1, 1}, []int{suite.Tests, suite.Failures})
	})
}
