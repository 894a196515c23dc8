package evals

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/bot"
	"handrail/internal/errs"
)

func TestReadJSONL(t *testing.T) {
	t.Parallel()
	rows, err := ReadJSONL[IntentRow]("rows.jsonl", strings.NewReader("\n{\"text\":\"hi\",\"intent\":\"greet\",\"split\":\"train\"}\r\n\n{\"text\":\"嗨\"}"))
	require.NoError(t, err)
	require.Equal(t, []IntentRow{{Text: "hi", Intent: "greet", Split: "train"}, {Text: "嗨"}}, rows)
	for name, test := range map[string]struct{ in, want string }{
		"broken":     {"{\"text\":\"hi\"}\n\n{\"text\":", "rows.jsonl, line 3"},
		"wrong type": {"{\"text\":5}", "rows.jsonl, line 1"},
		"no object":  {"[1]", "rows.jsonl, line 1"},
		"empty":      {"\n \n", "rows.jsonl is empty"},
	} {
		_, err := ReadJSONL[IntentRow]("rows.jsonl", strings.NewReader(test.in))
		require.ErrorContains(t, err, test.want, name)
		require.True(t, errs.Is(err, errs.Invalid), name)
		require.Contains(t, errs.Public(err), test.want, name)
	}
	_, err = ReadJSONL[IntentRow]("rows.jsonl", strings.NewReader("{}\n"+strings.Repeat("x", maxLine+1)))
	require.ErrorContains(t, err, "rows.jsonl, line 2")
}

func TestReadQrels(t *testing.T) {
	t.Parallel()
	rel, err := ReadQrels("q.tsv", strings.NewReader("query-id\tcorpus-id\tscore\nq1\td1\t2\r\n\nq1\td2\t0\nq2\td1\t0.5\n"))
	require.NoError(t, err)
	require.Equal(t, Qrels{"q1": {"d1": 2, "d2": 0}, "q2": {"d1": 0.5}}, rel)
	for _, in := range []string{"h\nq1\td1", "h\nq1\td1\t1\textra", "h\nq1 d1 1", "h\nq1\td1\thigh", "h\nq1\td1\tNaN", "h\nq1\td1\tInf"} {
		_, err := ReadQrels("q.tsv", strings.NewReader(in))
		require.ErrorContains(t, err, "q.tsv, line 2", in)
		require.True(t, errs.Is(err, errs.Invalid), in)
	}
}

func TestLoadSuite(t *testing.T) {
	t.Parallel()
	s, err := LoadSuite("s.yaml", strings.NewReader(`
name: shop
cases:
  - {id: a, question: "Where?", decision: answer, sources: [x.md], facts: [[one, two]]}
  - {id: b, question: "谁?", decision: handoff, history: [Hello]}
`))
	require.NoError(t, err)
	require.Equal(t, "shop", s.Name)
	require.Equal(t, [][]string{{"one", "two"}}, s.Cases[0].Facts)
	for in, want := range map[string]string{
		"":                            "s.yaml is empty",
		"name: shop":                  "s.yaml has no cases",
		"nam: shop":                   "line 1",
		"name: shop\ncases: [{id: a,": "s.yaml is not a suite",
		"cases: [{question: q, decision: answer}]":                                                    "case 1 has no id",
		"cases: [{id: a, decision: answer}]":                                                          `case "a" has no question`,
		"cases: [{id: a, question: q}]":                                                               "use answer, clarify or handoff",
		"cases: [{id: a, question: q, decision: maybe}]":                                              `"maybe"`,
		"cases: [{id: a, question: q, decision: answer}, {id: a, question: q, decision: answer}]":     `"a" stands twice`,
		"cases:\n - {id: a, question: q, decision: answer}\n - {id: b, qestion: q, decision: answer}": "line 3",
	} {
		_, err := LoadSuite("s.yaml", strings.NewReader(in))
		require.ErrorContains(t, err, want, in)
		require.ErrorContains(t, err, "s.yaml", in)
		require.True(t, errs.Is(err, errs.Invalid), in)
	}
}

func TestReadBaseline(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "{", `{"sweet":1}`, `{"metrics":[]}`} {
		_, err := ReadBaseline("b.json", strings.NewReader(in))
		require.ErrorContains(t, err, "b.json is not a baseline", in)
		require.True(t, errs.Is(err, errs.Invalid), in)
	}
}

func FuzzLoaders(f *testing.F) {
	f.Add([]byte("{\"text\":\"hi\"}\n"))
	f.Add([]byte("h\nq\td\t1\n"))
	f.Add([]byte("cases: [{id: a, question: q, decision: answer}]"))
	f.Add([]byte("h\nq\td\tNaN\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ReadJSONL[CorpusDoc]("f", bytes.NewReader(b))
		require.True(t, (err == nil) == (len(rows) > 0))
		rel, err := ReadQrels("f", bytes.NewReader(b))
		for _, docs := range rel {
			for _, grade := range docs {
				require.False(t, err != nil || math.IsNaN(grade) || math.IsInf(grade, 0))
			}
		}
		s, err := LoadSuite("f", bytes.NewReader(b))
		require.True(t, (err == nil) == (len(s.Cases) > 0))
		_, _ = ReadBaseline("f", bytes.NewReader(b))
	})
}

func TestWriteSuiteIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringOfN(rapid.RuneFrom([]rune("ab 退:#-'\"{}[]&*!|>%@`<script>")), 1, 40, -1)
		lines := rapid.StringOfN(rapid.RuneFrom([]rune("ab 退:#-'\"|>\n\t\r")), 1, 40, -1)
		want := Suite{Name: words.Draw(t, "name"), Cases: []Case{{ID: "one", Question: lines.Draw(t, "question"), Lang: "zh",
			Tags: []string{"answerable", words.Draw(t, "tag")}, Decision: bot.Answer, Sources: []string{words.Draw(t, "source")}}}}
		var b bytes.Buffer
		require.NoError(t, WriteSuite(&b, want))
		got, err := LoadSuite("suite.yaml", &b)
		require.NoError(t, err)
		want.Cases[0].Question = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(want.Cases[0].Question)
		require.Equal(t, want, got)
	})
}
