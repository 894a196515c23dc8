package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/client"
	"handrail/internal/errs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a node that does what its script says.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	tokens  []string // contact tokens that sessions were asked with
	tickets []string // tickets that sockets were opened with
}

// serve lets script handle every socket, with its number from 0.
func serve(t *testing.T, script func(n int, p *peer)) *server {
	s := &server{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/widget/session", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Token string `json:"contact_token"`
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		s.mu.Lock()
		s.tokens = append(s.tokens, in.Token)
		s.mu.Unlock()
		_, _ = w.Write([]byte(`{"contact_token":"me","ticket":"t1"}`))
	})
	mux.HandleFunc("/ws/visitor", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n := len(s.tickets)
		s.tickets = append(s.tickets, r.Header.Get("Sec-Websocket-Protocol"))
		s.mu.Unlock()
		u := websocket.Upgrader{Subprotocols: []string{"handrail.v1"}}
		ws, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		script(n, &peer{t, ws})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// peer is the server's end of a socket.
type peer struct {
	t  *testing.T
	ws *websocket.Conn
}

type frame struct {
	T            string
	Conversation string
	Cursor       int64
	ClientID     string `json:"client_id"`
	Body         string
}

// next reads a frame, or returns false when the client has gone.
func (p *peer) next() (f frame, ok bool) {
	return f, p.ws.ReadJSON(&f) == nil
}

func (p *peer) send(text string) { _ = p.ws.WriteMessage(websocket.TextMessage, []byte(text)) }

func (p *peer) welcome() frame {
	hello, _ := p.next()
	p.send(`{"t":"welcome","conversation":"c1","state":"bot"}`)
	return hello
}

// screen is what a visitor shows.
type screen struct {
	bodies chan string
	events chan string
}

func visitor(t *testing.T, s *server, c client.Config, site client.Site) (*client.Visitor, screen) {
	look := screen{make(chan string, 100), make(chan string, 100)}
	c.URLs = append(c.URLs, s.URL)
	c.PauseFirst, c.PauseMost = time.Millisecond, 5*time.Millisecond
	v, err := client.NewVisitor(c, site, client.Handlers{
		Entry:   func(e client.Entry) { look.bodies <- e.Conversation + " " + e.Body },
		Acked:   func(a client.Ack) { look.events <- "acked" },
		Refused: func(r client.Refusal) { look.events <- "refused " + r.Code },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
	return v, look
}

func TestMessageIsSentAgainUntilAcknowledged(t *testing.T) {
	t.Parallel()
	ids := make(chan string, 10)
	s := serve(t, func(n int, p *peer) {
		p.welcome()
		f, ok := p.next()
		if !ok {
			return
		}
		ids <- f.ClientID + " " + f.Body
		if n < 2 {
			return // the connection breaks before the acknowledgement
		}
		p.send(`{"t":"ack","conversation":"c1","seq":1,"client_id":"` + f.ClientID + `"}`)
		p.next()
	})
	v, look := visitor(t, s, client.Config{}, client.Site{})
	id := v.Send("hello")
	require.NoError(t, v.Wait(t.Context()))
	for range 3 {
		require.Equal(t, id+" hello", <-ids)
	}
	require.Equal(t, "acked", <-look.events)
	require.Zero(t, v.Pending())
	require.Equal(t, []string{"", "me", "me"}, s.tokens, "the contact stays the same")
	require.Contains(t, s.tickets[0], "ticket.t1")
}

func TestNextMessageWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	order := make(chan string, 10)
	s := serve(t, func(n int, p *peer) {
		p.welcome()
		for refused := false; ; {
			f, ok := p.next()
			if !ok {
				return
			}
			order <- f.Body
			if !refused {
				p.send(`{"t":"error","code":"unavailable","retry_after_ms":1,"client_id":"` + f.ClientID + `"}`)
				refused = true
				continue
			}
			p.send(`{"t":"ack","conversation":"c1","seq":1,"client_id":"` + f.ClientID + `"}`)
		}
	})
	v, _ := visitor(t, s, client.Config{}, client.Site{})
	v.Send("first")
	v.Send("second")
	require.NoError(t, v.Wait(t.Context()))
	require.Equal(t, []string{"first", "first", "second"}, []string{<-order, <-order, <-order})
}

func TestRefusalIsFinal(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) {
		p.welcome()
		f, _ := p.next()
		p.send(`{"t":"error","code":"conflict","client_id":"` + f.ClientID + `"}`)
		p.next()
	})
	v, look := visitor(t, s, client.Config{}, client.Site{})
	v.Send("hello")
	require.NoError(t, v.Wait(t.Context()))
	require.Equal(t, "refused conflict", <-look.events)
}

func TestEntriesAreShownOnceAndInOrder(t *testing.T) {
	t.Parallel()
	asked := make(chan int64, 10)
	s := serve(t, func(n int, p *peer) {
		asked <- p.welcome().Cursor
		if n == 0 {
			for _, m := range []string{`"seq":4,"body":"old"`, `"seq":6,"body":"six"`, `"seq":8,"body":"early"`, `"seq":9,"body":"early"`} {
				p.send(`{"t":"msg",` + m + `}`)
			}
			f, _ := p.next()
			asked <- f.Cursor
			return
		}
		p.send(`{"t":"msg","seq":7,"body":"seven"}`)
		p.next()
	})
	_, look := visitor(t, s, client.Config{}, client.Site{Conversation: "c1", Cursor: 5})
	require.Equal(t, "c1 six", <-look.bodies)
	require.Equal(t, "c1 seven", <-look.bodies)
	require.Equal(t, []int64{5, 6, 6}, []int64{<-asked, <-asked, <-asked}, "a gap is asked for once, and again after reconnecting")
}

func TestSilentServerCountsAsLost(t *testing.T) {
	t.Parallel()
	s := serve(t, func(n int, p *peer) {
		if n == 0 {
			_, _ = p.next()
			_, _ = p.next() // no welcome
			return
		}
		p.welcome()
		f, _ := p.next()
		if n > 1 {
			p.send(`{"t":"ack","conversation":"c1","seq":1,"client_id":"` + f.ClientID + `"}`)
		}
		_, _ = p.next()
	})
	v, _ := visitor(t, s, client.Config{Patience: 100 * time.Millisecond}, client.Site{})
	v.Send("hello")
	require.NoError(t, v.Wait(t.Context()))
	require.Len(t, s.tickets, 3)
}

func TestAnotherServerIsTried(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) {
		p.welcome()
		p.send(`{"t":"msg","seq":1,"body":"here"}`)
		p.next()
	})
	_, look := visitor(t, s, client.Config{URLs: []string{"http://127.0.0.1:1"}}, client.Site{})
	require.Equal(t, "c1 here", <-look.bodies)
}

func TestRunEndsWhereNoRetryHelps(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	v, err := client.NewVisitor(client.Config{URLs: []string{s.URL}}, client.Site{}, client.Handlers{})
	require.NoError(t, err)
	require.Equal(t, errs.NotFound, errs.KindOf(v.Run(t.Context())))
	_, err = client.NewVisitor(client.Config{}, client.Site{}, client.Handlers{})
	require.True(t, errs.Is(err, errs.Invalid))
}

func TestWaitSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	v, err := client.NewVisitor(client.Config{URLs: []string{"http://127.0.0.1:1"}}, client.Site{}, client.Handlers{})
	require.NoError(t, err)
	v.Send("never")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	err = v.Wait(ctx)
	require.ErrorIs(t, err, gone)
	require.True(t, strings.HasPrefix(err.Error(), "1 messages are not acknowledged"))
}
