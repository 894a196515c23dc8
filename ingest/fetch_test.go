package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

const helpPage = "<!DOCTYPE html><title>Fees</title><main><h1>Fees</h1><p>Delivery costs five euros.</p></main>"

// site serves one page under every condition that a page can be in.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	serve := func(path, contentType, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if contentType != "" {
				w.Header().Set("Content-Type", contentType)
			}
			_, _ = w.Write([]byte(body))
		})
	}
	serve("/page", "text/html; charset=utf-8", helpPage)
	serve("/untyped", "application/octet-stream", helpPage)
	serve("/faq.csv", "text/plain", "question,answer\nIs it free?,Yes.\n")
	serve("/notes.md", "text/plain", "# Notes\n\nBy **card**.")
	serve("/picture", "image/png", "\x89PNG\r\n\x1a\n")
	serve("/disguised", "application/octet-stream", "\x89PNG\r\n\x1a\n\x00\x00")
	serve("/large", "text/plain", strings.Repeat("x", 3000))
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		_, _ = z.Write(make([]byte, 1<<20))
		_ = z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(buf.Bytes())
	})
	mux.Handle("/moved", http.RedirectHandler("/page", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.HandleFunc("/private", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// pageItem is the one item of a page that is ingested by name.
func pageItem(t *testing.T, p *Pipeline, address string) entry {
	t.Helper()
	s, err := p.open(t.Context(), Spec{Kind: KindPage, Location: address}, nil, nil)
	require.NoError(t, err)
	return s.items[0]
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func TestFetchPage(t *testing.T) {
	t.Parallel()
	s := site(t)
	p := New(nil, Config{AllowNetworks: loopback()})
	for path, want := range map[string]string{
		"/page": "Delivery costs five euros.", "/untyped": "Delivery costs five euros.",
		"/moved": "Delivery costs five euros.", "/faq.csv": "Yes.", "/notes.md": "By card.",
	} {
		it := pageItem(t, p, s.URL+path)
		r, err := p.read(t.Context(), it)
		require.NoError(t, err, path)
		out, err := (&loader{config: p.config}).item(t.Context(), it, r)
		require.NoError(t, err, path)
		require.Equal(t, want, out.documents[0].Passages[0].Text, path)
		require.Equal(t, s.URL+path, out.documents[0].Document.URI)
	}
}

func TestFetchFailures(t *testing.T) {
	t.Parallel()
	s := site(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	p := New(nil, Config{AllowNetworks: loopback(), MaxBytes: 2000})
	hasty := New(nil, Config{AllowNetworks: loopback(), Timeout: 300 * time.Millisecond})
	for address, want := range map[string]string{
		s.URL + "/missing":   "answers 404, there is no such page",
		s.URL + "/private":   "answers 403, the page is not public",
		s.URL + "/down":      "answers 502: try again later",
		s.URL + "/loop":      "redirects more than 5 times",
		s.URL + "/large":     "larger than 2000 bytes",
		s.URL + "/bomb":      "larger than 2000 bytes",
		s.URL + "/slow":      "takes longer than 300ms",
		s.URL + "/picture":   "cannot be read: convert it",
		s.URL + "/disguised": "cannot be read: convert it",
		gone.URL:             "cannot be reached (connection refused)",
	} {
		t.Run(strings.TrimPrefix(address, s.URL), func(t *testing.T) {
			t.Parallel()
			p := p
			if strings.HasSuffix(address, "/slow") {
				p = hasty // the other pages may take their time on a busy machine
			}
			it := pageItem(t, p, address)
			r, err := p.read(t.Context(), it)
			if err == nil {
				_, err = (&loader{config: p.config}).item(t.Context(), it, r)
			}
			require.Error(t, err)
			require.Contains(t, reason(err), want)
		})
	}
}

func TestFetchRefusesTheServersOwnNetwork(t *testing.T) {
	t.Parallel()
	s := site(t)
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	p := New(nil, Config{Timeout: time.Second})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "192.168.1.1",
		"169.254.169.254", "172.16.0.1", "100.64.0.1", "[fd00::1]", "[fe80::1]", "2130706433"} {
		_, err := p.fetch.get(t.Context(), request{address: "http://" + host + port + "/page"})
		require.Error(t, err, host)
		if host != "2130706433" { // whether this is an address at all is the resolver's choice
			require.True(t, errs.Is(err, errs.Forbidden), "%s: %v", host, err)
		}
	}
}

func TestFetchRefusesARedirectIntoAnotherNetwork(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{"loopback": "http://127.0.0.2", "private": "http://10.1.2.3", "file": "file:///etc/hosts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.RedirectHandler(target, http.StatusFound))
			t.Cleanup(s.Close)
			p := New(nil, Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Timeout: time.Second})
			_, err := p.fetch.get(t.Context(), request{address: s.URL})
			require.Error(t, err)
			if name != "file" {
				require.True(t, errs.Is(err, errs.Forbidden), "%v", err)
			}
		})
	}
}

func TestFetchIsCalledOff(t *testing.T) {
	t.Parallel()
	s := site(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(nil, Config{AllowNetworks: loopback()}).fetch.get(ctx, request{address: s.URL + "/slow"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestSourceAddresses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ftp://a.example/x", "file:///etc/passwd", "https://user:secret@a.example/", "http://"} {
		_, err := ParseSpec(name)
		require.True(t, errs.Is(err, errs.Invalid), name)
		require.NotContains(t, err.Error(), "secret")
	}
	s, err := ParseSpec("https://a.example/help#fees")
	require.NoError(t, err)
	require.Equal(t, Spec{Kind: KindPage, Location: "https://a.example/help", MaxPages: 1}, s)
}
