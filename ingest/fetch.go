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

// fetcher gets pages. Whoever names a URL makes this server connect to it, so every address is checked when it is
// dialled: after the name is resolved, and again for each redirect.
type fetcher struct {
	client   *http.Client
	maxBytes int64
	timeout  time.Duration
}

// response is a page as it came.
type response struct {
	body        []byte
	contentType string
	url         *url.URL // after redirects
}

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
	dialer := &net.Dialer{Timeout: c.Timeout, Control: guard.Safe}
	return &fetcher{
		client: &http.Client{
			// No proxy: it would dial in our place, past the guard.
			Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true},
			CheckRedirect: checkRedirect,
		},
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
func (f *fetcher) get(ctx context.Context, address string) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return response{}, errs.Wrap(err, errs.Invalid, "it is not a valid address: write it as https://host/path")
	}
	req.Header.Set("User-Agent", "handrail-ingest/1")
	req.Header.Set("Accept", "text/html, text/markdown, text/plain, text/csv")
	res, err := f.client.Do(req)
	if err != nil {
		return response{}, f.explain(ctx, err)
	}
	defer res.Body.Close()
	if err := status(res.StatusCode); err != nil {
		return response{}, err
	}
	body, err := limited(res.Body, f.maxBytes)
	if err != nil {
		return response{}, f.explain(ctx, err)
	}
	return response{body, res.Header.Get("Content-Type"), res.Request.URL}, nil
}

func status(code int) error {
	switch {
	case code == http.StatusOK:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		return errs.New(errs.NotFound, "the server answers %d, there is no such page: correct the address or remove it", code)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return errs.New(errs.Forbidden, "the server answers %d, the page is not public: publish it, or save it as a file "+
			"and ingest that", code)
	case code >= 500, code == http.StatusTooManyRequests:
		return errs.New(errs.Unavailable, "the server answers %d: try again later", code)
	}
	return errs.New(errs.Invalid, "the server answers %d instead of the page: open the address in a browser and "+
		"correct it", code)
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
	return errs.New(errs.TooLarge, "it is larger than %s: split it, or raise the limit", size(most))
}

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// explain turns a failure of the network into a sentence for the person who named the address.
func (f *fetcher) explain(ctx context.Context, err error) error {
	var known *errs.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return errs.Wrap(err, errs.Forbidden, "it leads to an address of a private network, which is refused: list the "+
			"network among the allowed ones if it is meant")
	case errors.Is(err, errRedirects):
		return errs.Wrap(err, errs.Invalid, "it redirects more than %d times: use the final address", redirects)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errs.Wrap(err, errs.Unavailable, "the server takes longer than %s: try again later", f.timeout)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &dns):
		return errs.Wrap(err, errs.Unavailable, "the host name %s cannot be resolved: check the address", dns.Name)
	}
	return errs.Wrap(err, errs.Unavailable, "the server cannot be reached (%v): check the address and try again",
		cause(err))
}

// cause returns the innermost error, without the method and the address around it.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
