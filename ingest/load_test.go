package ingest

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testdata(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

func TestMarkdownFile(t *testing.T) {
	t.Parallel()
	p, err := loadMarkdown(testdata(t, "returns.md"))
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(testdata(t, "returns.golden")), p.text)
	require.Equal(t, "Returning an item", p.title)
	require.Equal(t, "https://shop.example/help/returns", p.url)
	require.ElementsMatch(t, []string{"Returns", "returns", "refunds"}, p.tags)
}

func TestHTMLFile(t *testing.T) {
	t.Parallel()
	address, err := url.Parse("https://shop.example/help/delivery.html")
	require.NoError(t, err)
	p, err := loadHTML(testdata(t, "page.html"), address)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(testdata(t, "page.golden")), p.text)
	require.Equal(t, "Delivery times", p.title)
	require.Equal(t, address.String(), p.url)
}

func TestMarkdownText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"relative link":              {"See [fees](../fees.md) now.", "See fees now."},
		"absolute link":              {"See [fees](https://a.example/f(1)).", "See [fees](https://a.example/f%281%29)."},
		"bare address":               {"Go to https://a.example/x now", "Go to https://a.example/x now"},
		"mail link":                  {"[Write us](mailto:help@a.example)", "Write us (help@a.example)"},
		"link in HTML":               {`Read <a href="https://a.example/x">this</a>, <a href="/y">that</a>.`, "Read [this](https://a.example/x), that."},
		"emphasis":                   {"*One* **two** ~~three~~ `four`", "One two three `four`"},
		"bold next to Han":           {"请在**“设置”**中选择**语言：**中文", "请在“设置”中选择语言：中文"},
		"stars in code":              {"Type `2**3` or `4**5` **now**", "Type `2**3` or `4**5` now"},
		"line breaks in Han":         {"第一行，\n第二行", "第一行，第二行"},
		"entities and escapes":       {`5 &lt; 6 \* 7 &copy;`, "5 < 6 * 7 ©"},
		"place to fill in":           {"Run it with <order-id>.", "Run it with <order-id>."},
		"image with a file name":     {"Before ![screenshot1.png](a.png) after", "Before after"},
		"callout":                    {"> [!NOTE]\n> Mind the gap.", "Mind the gap."},
		"list keeps its numbers":     {"3. three\n4. four", "3. three\n4. four"},
		"task list":                  {"- [x] done\n- [ ] open", "- done\n- open"},
		"script":                     {"A\n\n<script>\nalert(1)\n</script>\n\nB", "A\n\nB"},
		"table in HTML":              {"<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "A: 1; B: 2"},
		"tab label":                  {"<div label=\"macOS\">\n\nInstall it.\n\n</div>", "macOS:\n\nInstall it."},
		"definition":                 {"Postage\n: What the carrier takes.", "Postage:\n\nWhat the carrier takes."},
		"unknown macro":              {"A {{{ .free-plan }}} plan", "A free plan plan"},
		"macro for an address":       {"Ask [us]({{{ .support-url }}}).", "Ask us."},
		"macro in code":              {"Use `{{ $labels.job }}` here {{ site.x }}", "Use `{{ $labels.job }}` here"},
		"macro in a fence":           {"```\n{% if x %}\n```", "```\n{% if x %}\n```"},
		"commented out":              {"A {% comment %} hidden {% endcomment %}B<!-- gone -->", "A B"},
		"question and answer marked": {"Q: Is it free?\n\nA: Yes.", "**Is it free?**\n\nYes."},
		"front matter only at top":   {"Text\n\n---\n\nMore", "Text\n\nMore"},
		"cell with a full stop":      {"| A | B |\n|---|---|\n| One. | Two |", "A: One. B: Two"},
		"table without rows":         {"| A | B |\n|---|---|", "A; B"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := loadMarkdown(c.src)
			require.NoError(t, err)
			require.Equal(t, c.want, p.text)
		})
	}
}

func TestMarkdownTitle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, title, text string }{
		"first heading":         {"# `Tide` [mug](https://a.example)\n\nText", "Tide mug", "Text"},
		"front matter wins":     {"---\ntitle: Mugs\n---\n# The Tide mug\n\nText", "Mugs", "**The Tide mug**\n\nText"},
		"same as front matter":  {"---\ntitle: \"The Tide Mug!\"\n---\n# The tide mug\n\nText", "The Tide Mug!", "Text"},
		"broken front matter":   {"---\ntitle: Mugs: all of them\nurl: [\n---\nText", "Mugs: all of them", "Text"},
		"TOML":                  {"+++\ntitle = \"Mugs\"\n+++\nText", "Mugs", "Text"},
		"Windows line ends":     {"---\r\ntitle: Mugs\r\n---\r\nText", "Mugs", "Text"},
		"summary is everything": {"---\ntitle: Mugs\ndescription: We sell mugs.\n---\n", "Mugs", "We sell mugs."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := loadMarkdown(canonical(c.src))
			require.NoError(t, err)
			require.Equal(t, c.title, p.title)
			require.Equal(t, c.text, p.text)
		})
	}
	_, err := loadMarkdown("---\nlayout: redirect\nredirect: /mugs\n---\n")
	require.ErrorIs(t, err, errStub)
}

func TestHTMLFallsBackToTheBody(t *testing.T) {
	t.Parallel()
	p, err := loadHTML("<title>Hours – Northlight</title><body><p>Open on Monday.<p hidden>Secret</body>", nil)
	require.NoError(t, err)
	require.Equal(t, "Open on Monday.", p.text)
	require.Equal(t, "Hours", p.title)
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	p, err := loadPlain("Opening hours\n=============\n\nWe open at nine\nand close at six on every working day of the year.\n\n" +
		"Bring:\n- a card\n- a bag\n  with handles\n\nQ: Is there parking?\nA: Yes, behind the house.\n")
	require.NoError(t, err)
	require.Equal(t, "Opening hours", p.title)
	require.Equal(t, "We open at nine\nand close at six on every working day of the year.\n\nBring:\n\n- a card\n"+
		"- a bag with handles\n\n**Is there parking?**\n\nYes, behind the house.", p.text)
	ps := split(p)
	require.Equal(t, "Is there parking?", ps[len(ps)-1].Question)
}

func TestNames(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"returns/how-to_return.md":          "How to return",
		"returns/index.md":                  "Returns",
		"_index.md":                         "Index",
		"faq.csv":                           "FAQ",
		"v2.1 notes.txt":                    "V2.1 notes",
		"https://a.example/help/fees":       "Fees",
		"https://a.example/":                "A.example",
		"退货.md":                             "退货",
		"https://a.example/help/index.html": "Help",
	} {
		require.Equal(t, want, nameOf(uri), uri)
	}
}
