package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// What the transport finds wrong with an answer before the client library sees it.
var (
	errNotAPI   = errors.New("the address serves a web page, not the OpenAI protocol")
	errRedirect = errors.New("the address redirects elsewhere")
	errTooLong  = errors.New("the response is longer than any answer can be")
)

// transport is what the client library cannot do: it keeps the Retry-After header, which the library drops, bounds the
// body, which the library reads line by line without a limit, and recognises a web page where an API should be.
type transport struct {
	base    http.RoundTripper
	maxBody int64
}

// newHTTPClient returns a client without Timeout, because that one would also cut streams that are well; every call
// has a context with its own limits. Redirects are refused: they turn POST into GET and may carry the key elsewhere.
func newHTTPClient(c *http.Client, maxBody int64) *http.Client {
	var base http.RoundTripper
	if c != nil {
		base = c.Transport
	}
	if base == nil {
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			base = t.Clone()
		} else {
			base = http.DefaultTransport
		}
	}
	return &http.Client{
		Transport:     &transport{base: base, maxBody: maxBody},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if n := noteOf(req.Context()); n != nil {
		n.after = retryAfter(resp.Header, time.Now())
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && kind == "text/html" {
		return nil, errors.Join(errNotAPI, resp.Body.Close())
	}
	resp.Body = &limited{ReadCloser: resp.Body, left: t.maxBody}
	return resp, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the transport underneath.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// limited fails, rather than ends, when the limit is passed: an end would look like a short answer.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("read the response: %w", errTooLong)
	}
	return n, err
}

// retryAfter reads how long the endpoint asks to be left alone: seconds or a date, or milliseconds in the header that
// some endpoints add. It is 0 where nothing usable is said.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// note is where the transport leaves what it learnt about one attempt.
type note struct{ after time.Duration }

type noteKey struct{}

func withNote(ctx context.Context) context.Context {
	return context.WithValue(ctx, noteKey{}, new(note))
}

func noteOf(ctx context.Context) *note {
	n, _ := ctx.Value(noteKey{}).(*note)
	return n
}
