package ingest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a site says to robots is written by anybody too.

func FuzzHead(f *testing.F) {
	f.Add([]byte(`<html><base href="//b.example/x/"><meta name=robots content="noindex, nofollow"><a href="../y?utm_source=1#z">`))
	f.Add([]byte(`<link rel="canonical" href="http://a.example:80"><a rel=nofollow href="/x"><area href="javascript:1">`))
	f.Add([]byte("<a href=\"?q=\xfa\">"))
	at, err := url.Parse("https://a.example/help/")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		h := readHead(response{body: body, url: at, header: http.Header{"Content-Type": {"text/html"}, "X-Robots-Tag": {string(body)}}})
		for _, link := range h.links {
			u, err := url.Parse(link)
			if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Fragment != "" {
				t.Errorf("link %q: %v", link, err)
			}
			if strings.ContainsAny(link, " \n\t") || !utf8.ValidString(link) {
				t.Errorf("link %q cannot be remembered", link)
			}
		}
	})
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(`<urlset><url><loc>https://a.example/x</loc></url></urlset>`))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m := &sitemapReader{web: &web{}, source: &source{}, most: 5, home: "a.example", files: sitemapFiles, seen: map[string]bool{}}
		_ = m.parse(t.Context(), body, 1)
		if len(m.source.items) > 5 {
			t.Errorf("%d pages", len(m.source.items))
		}
		for _, failure := range m.source.failed {
			if !utf8.ValidString(failure.Item) {
				t.Errorf("item %q", failure.Item)
			}
		}
	})
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /*?x$\nCrawl-delay: 1e9\n"))
	f.Fuzz(func(_ *testing.T, body []byte) { parseRobots(body).Test("/p?q=1") })
}
