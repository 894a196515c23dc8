package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"

	"handrail/internal/errs"
)

// redirects is how many redirects are followed for one page.
const redirects = 5

// agent is how this program names itself, and the name that it looks for in robots.txt.
const agent = "handrail-ingest"

// fetcher gets pages. Whoever names a URL makes this server connect to it, so every address is checked when it is
// dialled: after the name is resolved, and again for each redirect.
type fetcher struct {
	dialer    *net.Dialer
	following *http.Client // follows redirects
	standing  *http.Client // does not
	maxBytes  int64
	timeout   time.Duration
}

// request asks for a page.
type request struct {
	address        string
	etag, modified string // of the copy that is held already, or ""
	stay           bool   // take a redirect for the answer instead of following it
}

// response is a page as it came: status 200 with a body, 304 where the held copy is good, or a redirect.
type response struct {
	status int
	header http.Header
	body   []byte
	url    *url.URL // after redirects
}

func (r response) contentType() string { return r.header.Get("Content-Type") }

func newFetcher(c Config) *fetcher {
	var v4, v6 []netip.Prefix
	for _, p := range c.AllowNetworks {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	// The guard sees the address that is about to be dialled, so a name that resolves to another address from one moment
	// to the next gains nothing.
	dialer := &net.Dialer{Timeout: c.Timeout, Control: guard.Safe}
	// No proxy: it would dial in our place, past the guard.
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	return &fetcher{
		dialer:    dialer,
		following: &http.Client{Transport: transport, CheckRedirect: checkRedirect},
		standing: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		maxBytes: c.MaxBytes,
		timeout:  c.Timeout,
	}
}

var errRedirects = errors.New("too many redirects")

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > redirects {
		return errRedirects
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirect to scheme %q", req.URL.Scheme)
	}
	return nil
}

// get fetches one page. Its errors say what the owner of the page or of this server can do.
func (f *fetcher) get(ctx context.Context, r request) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address, nil)
	if err != nil {
		return response{}, errs.Wrap(err, errs.Invalid, "it is not a valid address: write it as https://host/path")
	}
	req.Header.Set("User-Agent", agent+"/1")
	req.Header.Set("Accept", "text/html, text/markdown, text/plain, text/csv, */*;q=0.5")
	if r.etag != "" {
		req.Header.Set("If-None-Match", r.etag)
	}
	if r.modified != "" {
		req.Header.Set("If-Modified-Since", r.modified)
	}
	client := f.following
	if r.stay {
		client = f.standing
	}
	res, err := client.Do(req)
	if err != nil {
		return response{}, f.explain(ctx, err)
	}
	defer res.Body.Close()
	out := response{status: res.StatusCode, header: res.Header, url: res.Request.URL}
	if answered(r, res) {
		return out, nil
	}
	if err := status(res.StatusCode); err != nil {
		return response{}, err
	}
	if out.body, err = limited(res.Body, f.maxBytes); err != nil {
		return response{}, f.explain(ctx, err)
	}
	return out, nil
}

// answered reports whether a response without a body is what was asked for.
func answered(r request, res *http.Response) bool {
	if res.StatusCode == http.StatusNotModified {
		return r.etag != "" || r.modified != ""
	}
	return r.stay && res.StatusCode >= 300 && res.StatusCode < 400 && res.Header.Get("Location") != ""
}

// limited reads all of r unless it is longer than most bytes.
func limited(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > most {
		return nil, tooLarge(most)
	}
	return b, nil
}

func tooLarge(most int64) error {
	return errs.New(errs.TooLarge, "it is larger than %s: split it", size(most))
}

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
