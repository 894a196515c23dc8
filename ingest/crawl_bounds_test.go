package ingest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// endlessSite answers every address with a page that leads to n more that no other page knows.
func endlessSite(t *testing.T, n int, robots string) (url string, pages *atomic.Int64) {
	t.Helper()
	pages = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, robots)
			return
		}
		page := pages.Add(1)
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, page))
		links := make([]string, n)
		for i := range links {
			links[i] = fmt.Sprintf("/%d-%d/%s", page, i, strings.Repeat("long-name-", 18))
			if robots != "" && i > 0 {
				links[i] = "/closed" + links[i]
			}
		}
		fmt.Fprint(w, doc(fmt.Sprintf("Page %d.", page), links...))
	}))
	t.Cleanup(s.Close)
	return s.URL, pages
}

// opened crawls a site without storing it.
func opened(t *testing.T, ctx context.Context, c Config, spec Spec) *source {
	t.Helper()
	spec, err := spec.Web()
	require.NoError(t, err)
	s, err := New(nil, c).open(ctx, spec, nil, func(string) {})
	require.NoError(t, err)
	t.Cleanup(s.close)
	return s
}

func TestCrawlOfAnEndlessSiteCostsLittle(t *testing.T) {
	t.Parallel()
	for name, robots := range map[string]string{"open": "", "mostly closed": "User-agent: *\nDisallow: /closed\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, pages := endlessSite(t, 900, robots)
			s := opened(t, t.Context(), brisk(), Spec{Kind: KindCrawl, Location: url, MaxPages: 30})
			require.LessOrEqual(t, pages.Load(), int64(30))
			require.LessOrEqual(t, len(s.items), maxSeen*30)
			require.NotEmpty(t, s.closed, "what was not reached is not gone")
			require.Len(t, s.failed, 1, "one line, however much was left out")
			require.Equal(t, url, s.failed[0].Item)
			require.Regexp(t, `ended at its limit.*\d+ or more pages`, s.failed[0].Reason)
		})
	}
}

func TestCrawlRemembersABoundedNumberOfLinks(t *testing.T) {
	t.Parallel()
	url, _ := endlessSite(t, 1000, "")
	s := opened(t, t.Context(), brisk(), Spec{Kind: KindCrawl, Location: url, MaxPages: 100})
	total, whole := 0, 0
	for uri, m := range s.web.learnt {
		for _, l := range m.links {
			total += len(l)
		}
		if len(m.links) > 0 {
			whole++
			require.NotEmpty(t, m.etag, uri)
		} else {
			require.Empty(t, m.etag, "a page whose links are not remembered must be downloaded again: %s", uri)
		}
	}
	require.Len(t, s.web.learnt, 100)
	require.Positive(t, whole)
	require.LessOrEqual(t, total, rememberedBytes)
}

func TestCrawlKeepsWhatItHasWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	url, pages := endlessSite(t, 9, "")
	c := brisk()
	c.Delay = 150 * time.Millisecond
	d := newDesk(t, c)
	// What was read must be stored in the other half, also on a machine that is busy with other tests.
	ctx, cancel := context.WithTimeout(t.Context(), 18*time.Second)
	defer cancel()
	r, err := d.Run(ctx, d.ws, []string{"crawl:" + url}, Options{})
	require.NoError(t, err)
	require.Len(t, r.Added, int(pages.Load()))
	require.Less(t, len(r.Added), 90, "half of the time is for reading")
	require.Len(t, r.Failed, 1)
	require.Contains(t, r.Failed[0].Reason, "half of the time")
}
