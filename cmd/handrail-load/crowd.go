package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"handrail/internal/auth"
	"handrail/internal/chat"
)

const (
	crowdSize = 5000 // visitors who are connected and say nothing
	missed    = 5    // messages that each finds on coming back
	dialers   = 64   // connections that are being opened at a time
)

// crowd is many known visitors, each with a conversation.
type crowd struct {
	talks []talk
	last  int64 // number of the last entry of each conversation
}

// gather makes the visitors, each with the messages that they will miss.
func (w *world) gather(ctx context.Context) (*crowd, error) {
	c := &crowd{talks: make([]talk, crowdSize)}
	err := eachOf(ctx, 10, crowdSize, func(i int) (err error) {
		c.talks[i], err = w.visitor(ctx, chat.StateBot)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, w.fill(ctx, c, missed)
}

// fill adds messages to every conversation of the crowd.
func (w *world) fill(ctx context.Context, c *crowd, n int) error {
	c.last += int64(n)
	return eachOf(ctx, 256, len(c.talks)*n, func(i int) error {
		return w.say(ctx, c.talks[i%len(c.talks)].id)
	})
}

// say stores a message of the other side.
func (w *world) say(ctx context.Context, conversation uuid.UUID) error {
	_, err := w.log.Append(ctx, w.workspace, conversation, chat.Entry{ClientID: uuid.New(),
		Sender: chat.Sender{Kind: chat.Bot, Name: "Bot"}, Body: message, Epoch: -1})
	return err
}

// crowdOn opens a connection for each of n visitors and returns them and how many were opened in a second.
func crowdOn(ctx context.Context, n int, open func(i int) (*websocket.Conn, error)) ([]*websocket.Conn, float64, error) {
	all := make([]*websocket.Conn, n)
	start := time.Now()
	err := eachOf(ctx, dialers, n, func(i int) (err error) {
		all[i], err = open(i)
		return err
	})
	return all, float64(n) / time.Since(start).Seconds(), err
}

func closeAll(all []*websocket.Conn) {
	for _, ws := range all {
		if ws != nil {
			_ = ws.Close()
		}
	}
}

// idle measures what a connection costs that does nothing, and how fast it is opened; then what happens when everybody
// comes back at once.
func (cmd *chatCommand) idle(ctx context.Context, w *world, r *report) error {
	bareRate, bareKiB, err := w.idleBare(ctx, r)
	if err != nil {
		return err
	}
	c, err := w.gather(ctx)
	if err != nil {
		return err
	}
	node, err := w.serve(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	settle(ctx, time.Second)
	tickets := make([]string, crowdSize)
	err = each(ctx, crowdSize, func(i int) (err error) {
		tickets[i], err = w.auth.Ticket(ctx, w.workspace, auth.Subject{Contact: c.talks[i].contact, Widget: w.widget, Lang: "en"})
		return err
	})
	if err != nil {
		return err
	}
	before, busy := memory(node.pid()), gauge{[]*process{node}, w.postgres}
	start := busy.read()
	all, rate, err := crowdOn(ctx, crowdSize, func(i int) (*websocket.Conn, error) {
		ws, err := dial(ctx, node.addr, "/ws/visitor", tickets[i])
		if err != nil {
			return nil, err
		}
		return ws, greet(ws, c.talks[i].id, c.last)
	})
	used := busy.read()
	defer func() { closeAll(all) }()
	if err != nil {
		return err
	}
	settle(ctx, 4*time.Second)
	kib := float64(memory(node.pid())-before) / crowdSize / 1024
	r.add(row{Name: "idle visitor, 5,000 connected", Figure: kib, Unit: "KiB", Beside: "raw gorilla, idle", Reference: bareKiB}).atMost(20, "")
	r.add(row{Name: "connecting, ticket in hand, until welcome", Figure: rate, Unit: "/s", Beside: "bare upgrade", Reference: bareRate}).atLeast(4000, "")
	r.add(row{Name: "connecting, server CPU", Figure: float64((used.server - start.server).Microseconds()) / crowdSize, Unit: "us"})
	r.add(row{Name: "connecting, PostgreSQL CPU", Figure: float64((used.database - start.database).Microseconds()) / crowdSize, Unit: "us"})
	closeAll(all)
	return w.storm(ctx, r, node, c, bareRate)
}

// idleBare measures the same on a bare server.
func (w *world) idleBare(ctx context.Context, r *report) (rate, kib float64, err error) {
	node, err := spawnReference(ctx, "relay", w.url)
	if err != nil {
		return 0, 0, err
	}
	defer node.stop()
	settle(ctx, time.Second)
	before := memory(node.pid())
	all, rate, err := crowdOn(ctx, crowdSize, func(int) (*websocket.Conn, error) { return dial(ctx, node.addr, "/echo", "") })
	defer func() { closeAll(all) }()
	if err != nil {
		return 0, 0, err
	}
	settle(ctx, 4*time.Second)
	kib = float64(memory(node.pid())-before) / crowdSize / 1024
	echo, err := echoRate(ctx, all[:1000])
	r.add(row{Name: "raw gorilla, echo of 128 bytes, 1,000 connections", Figure: echo, Unit: "messages/s"})
	return rate, kib, err
}

// echoRate is how many messages go there and back in a second.
func echoRate(ctx context.Context, all []*websocket.Conn) (float64, error) {
	text := []byte(strings.Repeat("x", 128))
	free := make(chan *websocket.Conn, len(all))
	for _, ws := range all {
		free <- ws
	}
	return rate(ctx, len(all), 3*time.Second, func() error {
		ws := <-free
		defer func() { free <- ws }()
		if err := ws.WriteMessage(websocket.TextMessage, text); err != nil {
			return err
		}
		_, _, err := ws.ReadMessage()
		return err
	})
}

// storm lets the whole crowd come back at once: each takes a ticket, connects, and reads what it has missed.
func (w *world) storm(ctx context.Context, r *report, node *process, c *crowd, bareRate float64) error {
	settle(ctx, 2*time.Second)
	if err := w.fill(ctx, c, missed); err != nil {
		return err
	}
	sessions := make(chan *sessionClient, dialers)
	for range dialers {
		s, err := newSessionClient(node.addr)
		if err != nil {
			return err
		}
		defer s.conn.Close()
		sessions <- s
	}
	busy := gauge{[]*process{node}, w.postgres}
	start := busy.read()
	all, rate, err := crowdOn(ctx, crowdSize, func(i int) (*websocket.Conn, error) {
		s := <-sessions
		ticket, err := s.ticket(w.widget, c.talks[i].token)
		sessions <- s
		if err != nil {
			return nil, err
		}
		ws, err := dial(ctx, node.addr, "/ws/visitor", ticket)
		if err != nil {
			return nil, err
		}
		if err := greet(ws, c.talks[i].id, c.last-missed); err != nil {
			return ws, err
		}
		for range missed {
			if err := expect(ws, "msg"); err != nil {
				return ws, err
			}
		}
		return ws, nil
	})
	used := busy.read()
	closeAll(all)
	if err != nil {
		return err
	}
	r.add(row{Name: "reconnect storm, ticket and 5 missed messages each", Figure: rate, Unit: "/s", Beside: "bare upgrade", Reference: bareRate}).ratioAtLeast(.35)
	r.add(row{Name: "reconnect storm, server CPU", Figure: float64((used.server - start.server).Microseconds()) / crowdSize, Unit: "us"})
	r.add(row{Name: "reconnect storm, PostgreSQL CPU", Figure: float64((used.database - start.database).Microseconds()) / crowdSize, Unit: "us"})
	return nil
}

// sessionClient asks for tickets as a browser does, over a connection that it keeps.
type sessionClient struct {
	conn net.Conn
	in   *bufio.Reader
	host string
}

func newSessionClient(addr string) (*sessionClient, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &sessionClient{conn: conn, in: bufio.NewReader(conn), host: addr}, nil
}

func (s *sessionClient) ticket(widget, token string) (string, error) {
	body := fmt.Sprintf(`{"key":"%s","contact_token":"%s","lang":"en","page_url":"https://shop.example/orders"}`, widget, token)
	_, err := fmt.Fprintf(s.conn, "POST /api/v1/widget/session HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		s.host, len(body), body)
	if err != nil {
		return "", err
	}
	res, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("widget session: %s %s: %w", res.Status, b, err)
	}
	out, err := decodeSession(b)
	return out.Ticket, err
}
