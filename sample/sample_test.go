package sample_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"handrail/sample"
)

// suite and intents mirror the formats of evals and intent, which this package may not import.
type suite struct {
	Name  string      `yaml:"name"`
	Cases []suiteCase `yaml:"cases"`
}

type suiteCase struct {
	ID        string     `yaml:"id"`
	Question  string     `yaml:"question"`
	Lang      string     `yaml:"lang"`
	Tags      []string   `yaml:"tags"`
	History   []string   `yaml:"history"`
	Decision  string     `yaml:"decision"`
	Reason    string     `yaml:"reason"`
	Sources   []string   `yaml:"sources"`
	Facts     [][]string `yaml:"facts"`
	Forbidden []string   `yaml:"forbidden"`
	Intent    string     `yaml:"intent"`
	Choices   []string   `yaml:"choices"`
	Entities  []struct {
		Kind  string `yaml:"kind"`
		Value string `yaml:"value"`
	} `yaml:"entities"`
	Turns []suiteCase `yaml:"turns"`
}

type intents struct {
	Intents []struct {
		Name        string              `yaml:"name"`
		Description string              `yaml:"description"`
		Policy      string              `yaml:"policy"`
		Label       map[string]string   `yaml:"label"`
		Reply       map[string]string   `yaml:"reply"`
		Examples    map[string][]string `yaml:"examples"`
	} `yaml:"intents"`
	OutOfScope map[string][]string `yaml:"out_of_scope"`
	Entities   map[string]any      `yaml:"entities"`
}

var languages = []string{"en", "zh"}

func decode(t *testing.T, src []byte, into any) {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	require.NoError(t, dec.Decode(into))
}

// articles returns every file of the help centre by its path.
func articles(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, fs.WalkDir(sample.Help, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(sample.Help, p)
		found[p] = string(src)
		return err
	}))
	return found
}

func TestArticlesHaveTitleAndAddress(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	addresses := map[string]string{}
	for p, src := range articles(t) {
		if path.Ext(p) != ".md" {
			continue
		}
		lang, _, _ := strings.Cut(p, "/")
		count[lang]++
		parts := strings.SplitN(src, "---\n", 3)
		require.Len(t, parts, 3, "%s has no front matter", p)
		var meta struct{ Title, Description, Category, URL, Updated string }
		decode(t, []byte(parts[1]), &meta)
		require.NotEmpty(t, meta.Title, p)
		require.NotEmpty(t, meta.Description, p)
		require.Equal(t, path.Base(path.Dir(p)), meta.Category, p)
		require.Equal(t, "https://harbourpine.example/help/"+strings.TrimSuffix(p, ".md"), meta.URL)
		require.Regexp(t, `^2026-\d\d-\d\d$`, meta.Updated, p)
		require.Contains(t, parts[2], "\n## ", "%s has no headings", p)
		require.Empty(t, addresses[meta.URL], "%s has the address of another article", p)
		addresses[meta.URL] = p
	}
	require.GreaterOrEqual(t, count["en"], 22)
	require.GreaterOrEqual(t, count["zh"], 14)
}

func TestQuestionListsAreComplete(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		src, err := fs.ReadFile(sample.Help, lang+"/faq.csv")
		require.NoError(t, err)
		rows, err := csv.NewReader(bytes.NewReader(src)).ReadAll()
		require.NoError(t, err)
		require.Equal(t, []string{"question", "answer", "category", "url"}, rows[0])
		require.Len(t, rows, 16)
		for _, row := range rows {
			require.NotContains(t, row, "", "an empty cell in %v", row)
		}
	}
}

func TestIntents(t *testing.T) {
	t.Parallel()
	var c intents
	decode(t, sample.Intents, &c)
	require.GreaterOrEqual(t, len(c.Intents), 22)
	owner := map[string]string{}
	own := func(name string, examples []string) {
		for _, example := range examples {
			require.Empty(t, owner[plain(example)], "%q stands in %s and in %s", example, name, owner[plain(example)])
			owner[plain(example)] = name
		}
	}
	for _, in := range c.Intents {
		require.NotEmpty(t, in.Description, in.Name)
		require.Contains(t, []string{"answer", "handoff", "reply", "clarify"}, in.Policy, in.Name)
		for _, lang := range languages {
			require.NotEmpty(t, in.Label[lang], in.Name)
			require.GreaterOrEqual(t, len(in.Examples[lang]), 12, "%s in %s", in.Name, lang)
			require.Equal(t, in.Policy == "reply", in.Reply[lang] != "", "%s: a fixed reply belongs to policy reply", in.Name)
			own(in.Name, in.Examples[lang])
		}
	}
	names := slices.Collect(maps.Values(owner))
	for _, lang := range languages {
		require.GreaterOrEqual(t, len(c.OutOfScope[lang]), 30, lang)
		own("out_of_scope", c.OutOfScope[lang])
	}
	for _, tc := range loadSuite(t).Cases {
		require.Contains(t, append(names, ""), tc.Intent, tc.ID)
		require.Empty(t, owner[plain(tc.Question)], "case %s asks an example that the classifier is trained on", tc.ID)
	}
}

func TestSuiteFitsTheHelpCentre(t *testing.T) {
	t.Parallel()
	files := articles(t)
	ids := map[string]bool{}
	for _, c := range loadSuite(t).Cases {
		require.False(t, ids[c.ID], "the id %s stands twice", c.ID)
		ids[c.ID] = true
		require.NotEmpty(t, c.Question, c.ID)
		require.Contains(t, languages, c.Lang, c.ID)
		require.Contains(t, []string{"answer", "clarify", "handoff"}, c.Decision, c.ID)
		require.Equal(t, slices.Contains(c.Tags, "followup"), slices.Contains(c.Tags, "answerable") && c.History != nil, c.ID)
		require.Equal(t, slices.Contains(c.Tags, "answerable"), c.Sources != nil, "%s: only answerable cases have sources", c.ID)
		var text strings.Builder
		for _, source := range c.Sources {
			require.Contains(t, files, source, c.ID)
			require.True(t, strings.HasPrefix(source, c.Lang+"/"), "%s: source in another language", c.ID)
			text.WriteString(files[source])
		}
		for _, fact := range c.Facts {
			stands := func(f string) bool { return strings.Contains(text.String(), f) }
			require.True(t, slices.ContainsFunc(fact, stands), "%s: no source says any of %q", c.ID, fact)
		}
	}
}

func TestSuiteIsBalanced(t *testing.T) {
	t.Parallel()
	cases := loadSuite(t).Cases
	count := map[string]int{}
	for _, c := range cases {
		for _, tag := range c.Tags {
			count[tag]++
			count[tag+" "+c.Lang]++
			count[tag+" "+c.Decision]++
		}
	}
	require.GreaterOrEqual(t, len(cases), 90)
	for tag, least := range map[string]int{
		"answerable answer": 45, "unanswerable handoff": 15, "ambiguous clarify": 6, "person handoff": 8,
		"out_of_scope handoff": 8, "smalltalk answer": 5, "followup answer": 4, "person zh": 3, "out_of_scope zh": 3,
	} {
		require.GreaterOrEqual(t, count[tag], least, tag)
	}
	require.GreaterOrEqual(t, float64(count["answerable zh"]), 0.4*float64(count["answerable"]))
	require.GreaterOrEqual(t, 2*count["rephrased"], count["answerable"]-count["followup"])
}

func TestShopIsSelfContained(t *testing.T) {
	t.Parallel()
	page, err := fs.ReadFile(sample.Shop, "index.html")
	require.NoError(t, err)
	require.Contains(t, string(page), `<script src="/widget.js" data-key="{{.WidgetKey}}" data-lang="{{.Lang}}" async></script>`)
	require.NotRegexp(t, regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>|(src|href)="(https?:)?//`), string(page))
	_, err = fs.Stat(sample.Shop, "shop.css")
	require.NoError(t, err)
	for lang, heading := range map[string]string{"en": "Order help</h2>", "zh": "订单帮助</h2>"} {
		shown := new(strings.Builder)
		tmpl := template.Must(template.New("shop").Parse(string(page)))
		require.NoError(t, tmpl.Execute(shown, struct{ WidgetKey, Lang string }{"wk_test", lang}))
		require.Contains(t, shown.String(), heading)
		require.Contains(t, shown.String(), `data-key="wk_test" data-lang="`+lang+`"`)
	}
}

// loadSuite reads the suite, with the turns of dialogues as cases of their own.
func loadSuite(t *testing.T) suite {
	t.Helper()
	var s suite
	decode(t, sample.Suite, &s)
	flat := suite{Name: s.Name}
	for _, c := range s.Cases {
		if c.Turns == nil {
			flat.Cases = append(flat.Cases, c)
		}
		for i, turn := range c.Turns {
			turn.ID, turn.Lang = fmt.Sprintf("%s/%d", c.ID, i+1), c.Lang
			flat.Cases = append(flat.Cases, turn)
		}
	}
	return flat
}

var marks = regexp.MustCompile(`[\p{P}\p{S}\s]+`)

// plain removes what does not tell two questions apart: case, spaces and punctuation.
func plain(s string) string { return marks.ReplaceAllString(strings.ToLower(s), "") }
