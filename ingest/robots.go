package ingest

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/temoto/robotstxt"

	"handrail/internal/errs"
)

// maxDelay is the longest pause that a robots.txt may ask for between two pages.
const maxDelay = time.Minute

// sites keeps the manners of one source: what the robots.txt of each host allows, and the pause between two requests to
// it. It is safe for concurrent use.
type sites struct {
	fetch *fetcher
	delay time.Duration
	mu    sync.Mutex
	hosts map[string]*host // by scheme and host
}

// host is one host.
type host struct {
	mu     sync.Mutex
	rules  *robotstxt.Group // nil until robots.txt was read
	closed error            // why nothing may be fetched
	delay  time.Duration
	next   time.Time // when the next request may start
}

func newSites(f *fetcher, delay time.Duration) *sites {
	return &sites{fetch: f, delay: delay, hosts: map[string]*host{}}
}

func (s *sites) of(u *url.URL) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if s.hosts[key] == nil {
		s.hosts[key] = &host{delay: s.delay}
	}
	return s.hosts[key]
}

// enter waits for the host's next turn. It fails with an error that [isStub] recognises where robots.txt does not allow
// the page.
func (s *sites) enter(ctx context.Context, u *url.URL) error {
	h := s.of(u)
	if err := h.read(ctx, s.fetch, u); err != nil {
		return err
	}
	if !h.rules.Test(u.RequestURI()) {
		return leave("its site's robots.txt does not allow it")
	}
	return h.wait(ctx)
}

// read reads robots.txt once. A server that fails to give it is left alone, as the standard asks.
func (h *host) read(ctx context.Context, f *fetcher, u *url.URL) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rules != nil || h.closed != nil {
		return h.closed
	}
	res, err := f.get(ctx, request{address: u.Scheme + "://" + u.Host + "/robots.txt"})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && errs.Is(err, errs.Unavailable):
		h.closed = errs.Wrap(err, errs.Unavailable, "the robots.txt of %s cannot be read, so no page of it is fetched: %s",
			u.Host, errs.Public(err))
		return h.closed
	case err != nil && isRefusedNetwork(err):
		h.closed = err
		return err
	}
	rules := parseRobots(res.body) // none where the server says that there is none
	h.rules, h.delay = rules, min(max(h.delay, rules.CrawlDelay), maxDelay)
	return nil
}

// wait returns when it is this caller's turn.
func (h *host) wait(ctx context.Context) error {
	h.mu.Lock()
	now := time.Now()
	turn := h.next
	if turn.Before(now) {
		turn = now
	}
	h.next = turn.Add(h.delay)
	h.mu.Unlock()
	timer := time.NewTimer(time.Until(turn))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ruleLine matches the lines of robots.txt that say who may go where.
var ruleLine = regexp.MustCompile(`(?i)^\s*(user-?agent|allow|disallow)\s*:`)

// parseRobots returns the rules for this program. The library refuses a whole file for one bad line, so a file that it
// refuses is read again with the lines only that matter most.
func parseRobots(body []byte) *robotstxt.Group {
	if len(body) > 500<<10 {
		body = body[:500<<10]
	}
	data, err := robotstxt.FromStatusAndBytes(http.StatusOK, body)
	if err != nil {
		data, err = robotstxt.FromString(onlyRules(string(body)))
	}
	if err != nil {
		data, _ = robotstxt.FromString("User-agent: *\nDisallow: /")
	}
	return data.FindGroup(agent)
}

// onlyRules keeps the rules that follow the first name of a robot.
func onlyRules(s string) string {
	var kept []string
	for line := range strings.Lines(s) {
		if !ruleLine.MatchString(line) {
			continue
		}
		if len(kept) == 0 && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "user") {
			continue
		}
		kept = append(kept, strings.TrimSpace(line))
	}
	return strings.Join(kept, "\n")
}
