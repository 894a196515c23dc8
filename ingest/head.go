package ingest

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxLinks is how many links of one page are followed and remembered.
const maxLinks = 1000

// head is what a page says to robots: whether it may be indexed, where it leads, and under which address it wants to be
// known.
type head struct {
	noindex, nofollow bool
	canonical         *url.URL // nil where it names none
	links             []string // absolute addresses in their usual form, each once
}

// readHead reads the header lines and the markup of a page.
func readHead(res response) head {
	var h head
	for _, line := range res.header.Values("X-Robots-Tag") {
		h.robots(forUs(line))
	}
	if formatOfPage(res.body, res.contentType(), res.url.Path) == formatHTML {
		h.markup(res.body, res.url)
	}
	return h
}

// forUs returns the directives of an X-Robots-Tag line unless they are for another robot by name.
func forUs(line string) string {
	name, rest, named := strings.Cut(line, ":")
	name = strings.ToLower(strings.TrimSpace(name))
	switch {
	case !named, strings.ContainsAny(name, ", "), strings.HasPrefix(name, "unavailable_after"), strings.HasPrefix(name, "max-"):
		return line
	case name == agent:
		return rest
	}
	return ""
}

func (h *head) robots(directives string) {
	for d := range strings.SplitSeq(strings.ToLower(directives), ",") {
		switch strings.TrimSpace(d) {
		case "noindex":
			h.noindex = true
		case "nofollow":
			h.nofollow = true
		case "none":
			h.noindex, h.nofollow = true, true
		}
	}
}

// markup reads the elements meta, link, base and a. It needs no tree, and so bears any page.
func (h *head) markup(body []byte, base *url.URL) {
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			switch token.DataAtom {
			case atom.Meta:
				if name := strings.ToLower(attrOf(token, "name")); name == "robots" || name == agent {
					h.robots(attrOf(token, "content"))
				}
			case atom.Base:
				if u, err := base.Parse(attrOf(token, "href")); err == nil {
					base = u
				}
			case atom.Link:
				if u := resolve(base, token); u != nil && h.canonical == nil && hasWord(token, "canonical") {
					h.canonical = u
				}
			case atom.A, atom.Area:
				h.follow(resolve(base, token), token)
			}
		}
	}
}

func (h *head) follow(u *url.URL, token html.Token) {
	if u == nil || hasWord(token, "nofollow") || len(h.links) >= maxLinks {
		return
	}
	if s := u.String(); !slices.Contains(h.links, s) {
		h.links = append(h.links, s)
	}
}

func resolve(base *url.URL, token html.Token) *url.URL {
	href := strings.TrimSpace(attrOf(token, "href"))
	if href == "" || strings.HasPrefix(href, "#") {
		return nil
	}
	u, err := base.Parse(href)
	if err != nil || normalise(u) != nil {
		return nil
	}
	return u
}

func hasWord(token html.Token, word string) bool {
	return slices.Contains(strings.Fields(strings.ToLower(attrOf(token, "rel"))), word)
}

func attrOf(token html.Token, key string) string {
	for _, a := range token.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
