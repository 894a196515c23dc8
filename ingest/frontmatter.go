package ingest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"go.abhg.dev/goldmark/frontmatter"
)

// errStub says that a file holds settings and nothing to read, such as a page that redirects to another.
var errStub = errors.New("the file holds front matter only")

// meta is the front matter of a Markdown file.
type meta struct {
	found                   bool
	title, description, url string
	tags                    []string
	values                  map[string]string // every plain value, for macros
}

var matter = regexp.MustCompile(`^(?s)(---|\+\+\+)[ \t]*\n(.*?)\n?(?:---|\+\+\+|\.\.\.)-*[ \t]*(?:\n|$)`)

// frontMatter cuts the front matter off src. A broken one is read line by line as far as it goes: a colon within a
// title must not cost the document.
func frontMatter(src string) (meta, string) {
	m := meta{values: map[string]string{}}
	loc := matter.FindStringSubmatchIndex(src)
	if loc == nil || strings.TrimSpace(firstLine(src[loc[4]:loc[5]])) == "" && !strings.Contains(src[loc[4]:loc[5]], ":") {
		return m, src
	}
	format := frontmatter.YAML
	if src[0] == '+' {
		format = frontmatter.TOML
	}
	head := src[loc[4]:loc[5]]
	var values map[string]any
	if err := format.Unmarshal([]byte(head), &values); err != nil {
		values = byLine(head)
	}
	m.found = true
	m.read(values)
	return m, src[loc[1]:]
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func byLine(head string) map[string]any {
	values := map[string]any{}
	for _, line := range strings.Split(head, "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && key == strings.TrimSpace(key) {
			values[key] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return values
}

func (m *meta) read(values map[string]any) {
	for key, value := range values {
		switch v := value.(type) {
		case string, int, int64, uint64, float64, bool:
			m.values[strings.ToLower(key)] = strings.TrimSpace(fmt.Sprint(v))
		case []any:
			for _, tag := range v {
				if s, ok := tag.(string); ok && (strings.EqualFold(key, "tags") || strings.EqualFold(key, "categories")) {
					m.tags = append(m.tags, s)
				}
			}
		}
	}
	m.title = m.values["title"]
	m.description = first(m.values, "description", "summary")
	m.url = absolute(first(m.values, "url", "canonical_url", "permalink"))
	for _, key := range []string{"category", "tags"} {
		if v := m.values[key]; v != "" {
			m.tags = append(m.tags, v)
		}
	}
}

// first returns the first value that is there.
func first(values map[string]string, keys ...string) string {
	for _, k := range keys {
		if v := values[k]; v != "" {
			return v
		}
	}
	return ""
}

// absolute returns s if a reader can open it from anywhere, else "".
func absolute(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > longestURL || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return s
}
