package ingest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

// town is a web site that counts what is asked of it.
type town struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string
	tags  map[string]string // ETag by path
	heads map[string]http.Header
	asked []string // paths, in order; with a mark where the answer was 304
	times []time.Time
}

func newTown(t *testing.T, pages map[string]string) *town {
	t.Helper()
	w := &town{pages: pages, tags: map[string]string{}, heads: map[string]http.Header{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *town) ServeHTTP(res http.ResponseWriter, req *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	path := req.URL.RequestURI()
	w.times = append(w.times, time.Now())
	for key, values := range w.heads[path] {
		res.Header()[key] = values
	}
	body, ok := w.pages[path]
	tag := w.tags[path]
	switch {
	case tag != "" && req.Header.Get("If-None-Match") == tag:
		w.asked = append(w.asked, "304 "+path)
		res.WriteHeader(http.StatusNotModified)
		return
	case strings.HasPrefix(body, "-> "):
		res.Header().Set("Location", body[3:])
		res.WriteHeader(http.StatusFound)
	case body == "500":
		res.WriteHeader(http.StatusInternalServerError)
	case !ok:
		http.NotFound(res, req)
	default:
		if tag != "" {
			res.Header().Set("ETag", tag)
		}
		if strings.HasPrefix(path, "/robots.txt") {
			res.Header().Set("Content-Type", "text/plain")
		}
		fmt.Fprint(res, strings.ReplaceAll(body, "HOST", w.URL))
	}
	w.asked = append(w.asked, path)
}

// visits returns what was asked for since the last call, without robots.txt.
func (w *town) visits() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return slices.DeleteFunc(asked, func(p string) bool { return p == "/robots.txt" })
}

func (w *town) set(path, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = body
}

// doc is a page with a text and links.
func doc(text string, links ...string) string {
	out := "<!doctype html><html><head></head><body><h1>Page</h1><p>" + text + "</p>"
	for _, l := range links {
		out += `<a href="` + l + `">more</a>`
	}
	return out
}

func brisk() Config { return Config{AllowNetworks: loopback(), Delay: time.Millisecond} }

// crawl runs one source without a record, and returns the paths of its documents and of what was skipped.
func (d *desk) crawl(w *town, spec Spec) (docs, skipped []string, failed []Failure) {
	d.t.Helper()
	spec.Location = w.URL + spec.Location
	spec, err := spec.Web()
	require.NoError(d.t, err)
	r, err := d.runSpecs(d.t.Context(), d.ws, []Spec{spec}, nil, Options{})
	require.NoError(d.t, err)
	strip := func(uris []string) (out []string) {
		for _, u := range uris {
			out = append(out, strings.TrimPrefix(u, w.URL))
		}
		return out
	}
	for i := range r.Failed {
		r.Failed[i].Item = strings.TrimPrefix(r.Failed[i].Item, w.URL)
	}
	return strip(r.Added), strip(r.Skipped), r.Failed
}

func TestCrawlStaysOnItsSiteAndKeepsItsRules(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{
		"/robots.txt": "User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /private\nSitemap: HOST/sitemap.xml\n",
		"/": doc("Home.", "/a#part", "a", "/a?utm_source=x", "/private/x", "https://elsewhere.example/", "/old", "/gone",
			"/hidden", "/dead-end", "/logo.png", "/print", "mailto:me@a.example", "/fine?id=1", "/file", "javascript:void(0)") +
			`<a rel="nofollow" href="/unfollowed">x</a>`,
		"/a":         doc("Page a.", "/b"),
		"/b":         doc("Page b."),
		"/old":       "-> /new",
		"/new":       doc("New page."),
		"/hidden":    `<!doctype html><meta name="robots" content="noindex">` + doc("Hidden.", "/behind"),
		"/behind":    doc("Behind the hidden one."),
		"/dead-end":  `<!doctype html><meta name="ROBOTS" content="NoFollow">` + doc("Dead end.", "/unseen"),
		"/print":     `<!doctype html><link rel="canonical" href="HOST/b">` + doc("Page b, for printing."),
		"/fine?id=1": doc("By number."),
		"/file":      "\x89PNG\r\n\x1a\n\x00",
		"/private/x": doc("Private."), "/unseen": doc("Unseen."), "/unfollowed": doc("Unfollowed."),
	})
	w.heads["/b"] = http.Header{"X-Robots-Tag": {"googlebot: noindex"}}
	docs, skipped, failed := newDesk(t, brisk()).crawl(w, Spec{Kind: KindCrawl})
	require.Equal(t, []string{"/", "/a", "/b", "/behind", "/dead-end", "/fine?id=1", "/new"}, docs)
	require.Equal(t, []string{"/file", "/gone", "/hidden", "/private/x"}, skipped)
	require.Empty(t, failed)
	visits := w.visits()
	for _, never := range []string{"/private/x", "/unseen", "/unfollowed", "/logo.png"} {
		require.NotContains(t, visits, never)
	}
	slices.Sort(visits)
	require.Equal(t, slices.Compact(slices.Clone(visits)), visits, "no page is asked for twice")
}

func TestCrawlIsBounded(t *testing.T) {
	t.Parallel()
	pages := map[string]string{"/": doc("Start.", "/1", "/x/y/x/y/x/y/x/y", "/q?a=1&b=2&c=3&d=4")}
	for i := 1; i < 40; i++ {
		pages[fmt.Sprintf("/%d", i)] = doc(fmt.Sprintf("Page %d.", i), fmt.Sprintf("/%d", i+1), fmt.Sprintf("/%d?page=%d", i, i))
	}
	for name, c := range map[string]struct {
		spec Spec
		want []string
	}{
		"depth": {Spec{Kind: KindCrawl, Depth: 2}, []string{"/", "/1", "/2"}},
		"pages": {Spec{Kind: KindCrawl, MaxPages: 2}, []string{"/", "/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, pages)
			docs, _, failed := newDesk(t, brisk()).crawl(w, c.spec)
			require.Equal(t, c.want, docs)
			require.LessOrEqual(t, len(w.visits()), len(c.want)+1)
			if name == "pages" {
				require.Contains(t, failed[0].Reason, "limit of 2 pages", "what was cut off is told")
			}
		})
	}
}

func TestCrawlThatMayNotReadRobotsFetchesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/robots.txt": "500", "/": doc("Home.")})
	d := newDesk(t, brisk())
	_, err := d.Run(t.Context(), d.ws, []string{"crawl:" + w.URL}, Options{})
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.Contains(t, errs.Public(err), "robots.txt")
	require.Empty(t, w.visits())

	w.set("/robots.txt", "User-agent: handrail-ingest\nDisallow: /\n")
	_, err = d.Run(t.Context(), d.ws, []string{"crawl:" + w.URL}, Options{})
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.Empty(t, w.visits())
}

func TestCrawlWaitsAsLongAsTheSiteAsks(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/robots.txt": "User-agent: *\nCrawl-delay: 0.3\n", "/": doc("Home.", "/a", "/b"),
		"/a": doc("A."), "/b": doc("B.")})
	docs, _, _ := newDesk(t, brisk()).crawl(w, Spec{Kind: KindCrawl})
	require.Len(t, docs, 3)
	require.Len(t, w.times, 4)
	for i := 2; i < len(w.times); i++ { // the first is robots.txt
		require.Greater(t, w.times[i].Sub(w.times[i-1]), 200*time.Millisecond)
	}
}

func TestRobotsFilesOfAllKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file    string
		allowed bool
	}{
		"empty":           {"", true},
		"a page instead":  {"<!doctype html><html><body>Not found: nothing\n here</body></html>", true},
		"bad delay":       {"User-agent: *\nCrawl-delay: soon\nDisallow: /p", false},
		"bad delay, ours": {"User-agent: *\nDisallow: /p\n\nUser-agent: handrail-ingest\nCrawl-delay: -1\nAllow: /p", true},
		"rule before":     {"Disallow: /p\nUser-agent: *\nAllow: /", true},
		"wildcard":        {"User-agent: *\nDisallow: /*?q=", true},
		"mark":            {"\xef\xbb\xbfUser-agent: *\nDisallow: /p", false},
		"longest wins":    {"User-agent: *\nDisallow: /\nAllow: /p", true},
	} {
		require.Equal(t, c.allowed, parseRobots([]byte(c.file)).Test("/p"), name)
	}
}

func TestCrawlFollowsItsFirstPageToAnotherName(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.", "/a"), "/a": doc("A.")})
	moved := httptest.NewServer(http.RedirectHandler(w.URL+"/", http.StatusMovedPermanently))
	t.Cleanup(moved.Close)
	d := newDesk(t, brisk())
	r, err := d.Run(t.Context(), d.ws, []string{"crawl:" + moved.URL}, Options{})
	require.NoError(t, err)
	require.Equal(t, []string{w.URL + "/", w.URL + "/a"}, r.Added)
}

func TestCrawlKeepsPagesWhosePreferredAddressHoldsNothing(t *testing.T) {
	t.Parallel()
	canonical := func(to string) string { return `<!doctype html><link rel="canonical" href="` + to + `">` }
	w := newTown(t, map[string]string{
		"/":     doc("Home.", "/a", "/b", "/b2"),
		"/a":    canonical("/A") + doc("Page a."),
		"/A":    "-> /a",
		"/b":    canonical("/gone") + doc("Page b."),
		"/b2":   canonical("/gone") + doc("Page b."),
		"/self": canonical("/self") + doc("Never linked."),
	})
	docs, _, _ := newDesk(t, brisk()).crawl(w, Spec{Kind: KindCrawl})
	require.Equal(t, []string{"/", "/a", "/b"}, docs)
}

func TestSitemap(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := newTown(t, map[string]string{
		"/robots.txt": "User-agent: *\nDisallow: /c\n",
		"/sitemap.xml": `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
			<sitemap><loc>HOST/one.xml</loc></sitemap><sitemap><loc>HOST/two.xml.gz</loc></sitemap>
			<sitemap><loc>HOST/missing.xml</loc></sitemap><sitemap><loc>HOST/sitemap.xml</loc></sitemap></sitemapindex>`,
		"/one.xml": `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1">
			<url><loc> HOST/a </loc><lastmod>2026-01-01</lastmod><i:image><i:loc>HOST/a.jpg</i:loc></i:image></url>
			<url><loc>HOST/a</loc></url><url><loc>https://elsewhere.example/x</loc></url><url><loc>HOST/c</loc></url></urlset>`,
		"/a": doc("Page a.", "/unlisted"), "/b": doc("Page b."), "/c": doc("Page c."),
		"/n":     `<!doctype html><meta name="robots" content="none">` + doc("Page n."),
		"/moved": "-> /target", "/target": doc("Target."), "/away": "-> /c", "/round": "-> /round",
	})
	_, err := fmt.Fprintf(z, `<urlset><url><loc>%[1]s/b</loc></url><url><loc>%[1]s/n</loc></url>
		<url><loc>%[1]s/moved</loc></url><url><loc>%[1]s/away</loc></url><url><loc>%[1]s/round</loc></url></urlset>`, w.URL)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	w.set("/two.xml.gz", packed.String())
	docs, skipped, failed := newDesk(t, brisk()).crawl(w, Spec{Kind: KindSitemap, Location: "/sitemap.xml"})
	require.Equal(t, []string{"/a", "/b", "/moved"}, docs)
	require.Equal(t, []string{"/away", "/c", "/n"}, skipped, "robots.txt holds for the target of a redirect too")
	require.Equal(t, []string{"/missing.xml", "/round", "https://elsewhere.example/x"},
		[]string{failed[0].Item, failed[1].Item, failed[2].Item})
	require.NotContains(t, w.visits(), "/c")
}

func TestSitemapLimitsAndFaults(t *testing.T) {
	t.Parallel()
	many := "<urlset>"
	for i := range 9 {
		many += fmt.Sprintf("<url><loc>HOST/%d</loc></url>", i)
	}
	pages := map[string]string{"/many.xml": many + "</urlset>", "/broken.xml": "<urlset><url><loc>HOST/0</loc>", "/empty.xml": "<urlset/>",
		"/entities.xml": `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>`,
		"/external.xml": `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>`,
		"/fake.xml.gz":  "\x1f\x8bnot really"}
	for i := range 9 {
		pages[fmt.Sprintf("/%d", i)] = doc(fmt.Sprintf("Page %d.", i))
	}
	w := newTown(t, pages)
	d := newDesk(t, brisk())
	docs, _, failed := d.crawl(w, Spec{Kind: KindSitemap, Location: "/many.xml", MaxPages: 4})
	require.Len(t, docs, 4)
	require.Len(t, failed, 1)
	require.Contains(t, failed[0].Reason, "more than 4 pages")
	for _, bad := range []string{"/broken.xml", "/empty.xml", "/entities.xml", "/external.xml", "/fake.xml.gz", "/missing.xml"} {
		_, err := d.Run(t.Context(), d.ws, []string{"sitemap:" + w.URL + bad}, Options{})
		require.True(t, errs.Is(err, errs.Invalid), "%s: %v", bad, err)
		require.Contains(t, errs.Public(err), bad)
	}
}
