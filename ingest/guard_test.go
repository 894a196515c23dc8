package ingest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"handrail/internal/errs"
)

// resolver answers every question for an IPv4 address with the next of a list, the last one for ever.
func resolver(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf, asked := make([]byte, 1500), 0
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response = true
			if m.Additionals = nil; m.Questions[0].Type == dnsmessage.TypeA {
				ip := netip.MustParseAddr(answers[min(asked, len(answers)-1)])
				asked++
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: ip.As4()},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestFetchRefusesANameThatChangesItsAddress lets 127.0.0.1 stand for a public address, and 127.0.0.2 for a private one
// on which a secret is served.
func TestFetchRefusesANameThatChangesItsAddress(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int32
	l, err := net.Listen("tcp", "127.0.0.2:0")
	require.NoError(t, err)
	secret := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		stolen.Add(1)
	})}}
	secret.Start()
	t.Cleanup(secret.Close)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	public, err := net.Listen("tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	s := &httptest.Server{Listener: public, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/turn" {
			http.Redirect(w, r, "/page", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(helpPage))
	})}}
	s.Start()
	t.Cleanup(s.Close)

	for name, path := range map[string]string{"a second request": "/page", "a redirect": "/turn"} {
		p := New(nil, Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Timeout: 5 * time.Second})
		p.fetch.dialer.Resolver = resolver(t, "127.0.0.1", "127.0.0.2")
		address := "http://rebind.example:" + port + path
		if path == "/page" {
			_, err := p.fetch.get(t.Context(), request{address: address})
			require.NoError(t, err, name)
		}
		_, err := p.fetch.get(t.Context(), request{address: address})
		require.True(t, errs.Is(err, errs.Forbidden), "%s: %v", name, err)
	}
	require.Zero(t, stolen.Load())
}

// TestFetchRefusesEveryFormOfALocalAddress also names hosts whose form only the resolver, or an older library, reads as
// an address.
func TestFetchRefusesEveryFormOfALocalAddress(t *testing.T) {
	t.Parallel()
	s := site(t)
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, host := range []string{"0", "0.0.0.0", "127.1", "0x7f000001", "0177.0.0.1", "2130706433", "[::]", "[::1]",
		"[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00:ec2::254]",
		"169.254.169.254", "169.254.0.1", "100.100.100.200", "192.0.0.192", "224.0.0.1", "255.255.255.255", "localhost"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			p := New(nil, Config{Timeout: 2 * time.Second})
			p.fetch.dialer.Resolver = resolver(t, "127.0.0.1") // a name that is no address leads home
			_, err := p.fetch.get(t.Context(), request{address: "http://" + host + port + "/page"})
			require.True(t, errs.Is(err, errs.Forbidden) || errs.Is(err, errs.Unavailable), "%v", err)
			require.NotContains(t, err.Error(), "refused)", "it was dialled")
		})
	}
}
