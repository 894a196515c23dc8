package ingest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/knowledge"
)

func TestCSV(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"comma":            "question,answer\nIs it free?,Yes.\nWhere?,In Oslo.\n",
		"semicolon":        "Id;Question;Answer\n1;Is it free?;Yes.\n2;Where?;In Oslo.\n",
		"tab, other order": "Answer\tQuestion\nYes.\tIs it free?\nIn Oslo.\tWhere?\n",
		"no header":        "Is it free?,Yes.\nWhere?,In Oslo.\n",
		"empty rows":       "Q,A\n,\nIs it free?,Yes.\n\nWhere?,In Oslo.\n,\n",
		"markup":           "question,answer\nIs it free?,<p>Yes.</p>\nWhere?,\"In **Oslo**.\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _, err := loadCSV(src)
			require.NoError(t, err)
			require.Equal(t, [][2]string{{"Is it free?", "Yes."}, {"Where?", "In Oslo."}}, pairs(split(p)))
		})
	}
}

func TestCSVInChinese(t *testing.T) {
	t.Parallel()
	src, err := decode([]byte("\xef\xbb\xbf编号,问题,答案\r\n1,可以开发票,\"可以，\r\n在订单页下载。\"\r\n"), "", false)
	require.NoError(t, err)
	p, _, err := loadCSV(src)
	require.NoError(t, err)
	ps := split(p)
	require.Equal(t, [][2]string{{"可以开发票", "可以，在订单页下载。"}}, pairs(ps))
	require.Empty(t, ps[0].HeadingPath)
}

func TestCSVLongAnswerKeepsItsQuestion(t *testing.T) {
	t.Parallel()
	p, _, err := loadCSV("question,answer\nWhat now?,\"" + strings.Repeat("One more sentence stands here. ", 200) + "\"\n")
	require.NoError(t, err)
	ps := split(p)
	require.Greater(t, len(ps), 3)
	for _, passage := range ps {
		require.Equal(t, "What now?", passage.Question)
	}
}

func TestCSVErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"no answer":       {"question,answer\n\nB?,\n", "line 3 has a question but no answer"},
		"no question":     {"question,answer\n,Yes\n", "line 2 has an answer but no question"},
		"missing column":  {"question,answer\n\"A\n?\"\n", "line 2 has 1 columns"},
		"too many":        {"question,answer\nCan I pay cash?,No, only by card.\n", "line 2 has 3 columns and the first line 2"},
		"open quote":      {"question,answer\nA?,Yes\nB?,\"No\n", "line 3 has a quoted text that is not closed"},
		"bare quote":      {"question,answer\nA?,5\" wide\n", "line 2 has a double quote"},
		"no header":       {"name,price\nmug,5\n", "line 1 names no question and answer columns"},
		"no answer title": {"question,price\nmug,5\n", "line 1 names no answer column"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := loadCSV(c.src)
			require.True(t, errs.Is(err, errs.Invalid))
			require.Contains(t, reason(err), c.want)
		})
	}
}

func TestCSVReadsTheRowsThatAreWhole(t *testing.T) {
	t.Parallel()
	p, failed, err := loadCSV("question,answer,URL\n\"A\n?\",Yes,https://a.example/a\nB?\nC?,,\nD?,Maybe,/d\n")
	require.NoError(t, err)
	require.Equal(t, [][2]string{{"A ?", "Yes"}, {"D?", "Maybe"}}, pairs(split(p)))
	require.Equal(t, []string{"https://a.example/a", ""}, []string{split(p)[0].URL, split(p)[1].URL})
	require.Len(t, failed, 2)
	require.Contains(t, failed[0], "line 4 has 1 columns")
	require.Contains(t, failed[1], "line 5 has a question but no answer")
	_, failed, err = loadCSV("question,answer\nA?,Yes\n" + strings.Repeat("B?\n", 30))
	require.NoError(t, err)
	require.Len(t, failed, mostFailures+1)
	require.Contains(t, failed[mostFailures], "10 more")
}

func pairs(ps []knowledge.Passage) [][2]string {
	var out [][2]string
	for _, p := range ps {
		out = append(out, [2]string{p.Question, p.Text})
	}
	return out
}

// What is wrong with a file is said by every run, not only by the first one.
func TestRowsThatFailAreNamedByEveryRun(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{})
	d.write("faq.csv", "question,answer\nIs it free?,Yes.\nCan I pay cash?,No, only by card.\n")
	first, second := d.ingest(Options{}), d.ingest(Options{})
	require.Equal(t, []string{"faq.csv"}, first.Added)
	require.Len(t, first.Failed, 1)
	require.Equal(t, []string{"faq.csv"}, second.Unchanged)
	require.Equal(t, first.Failed, second.Failed)
	d.write("faq.csv", "question,answer\nIs it free?,Yes.\nCan I pay cash?,\"No, only by card.\"\n")
	third := d.ingest(Options{})
	require.Empty(t, third.Failed)
	require.Equal(t, []string{"faq.csv"}, third.Changed)
}
