package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"
)

// referenceCommand is the server that one would write in an afternoon: it knows nothing of identity, states, tickets,
// retries, catching up or other nodes. It relays each message of a visitor to the conversation's agent, after storing it.
type referenceCommand struct {
	Mode     string `enum:"relay,insert,batch" default:"relay" help:"What happens to a message: nothing, one INSERT each, or one INSERT for all that wait."`
	Database string `env:"DATABASE_URL"`
}

// bareServer is that server while it runs.
type bareServer struct {
	pool  *pgxpool.Pool
	store func(stored) error
	queue chan stored
	mu    sync.Mutex
	rooms map[int]*bareRoom
}

type bareRoom struct {
	seq   int64
	agent atomic.Pointer[bareSocket]
}

// stored is one row of the reference's table.
type stored struct {
	conversation int
	seq          int64
	id           uuid.UUID
	body         string
	done         chan error
}

type bareSocket struct {
	ws   *websocket.Conn
	send chan []byte
	gone chan struct{}
}

func (s *bareSocket) put(frame []byte) {
	select {
	case s.send <- frame:
	case <-s.gone:
	}
}

func (s *bareSocket) write() {
	for {
		select {
		case frame := <-s.send:
			if s.ws.WriteMessage(websocket.TextMessage, frame) != nil {
				_ = s.ws.Close()
			}
		case <-s.gone:
			return
		}
	}
}

// bareFrame is a message in either direction.
type bareFrame struct {
	Type         string     `json:"t"`
	Conversation string     `json:"conversation,omitempty"`
	Seq          int64      `json:"seq,omitempty"`
	ClientID     uuid.UUID  `json:"client_id"`
	Body         string     `json:"body,omitempty"`
	At           *time.Time `json:"at,omitempty"`
}

// Run serves until the process is told to stop.
func (cmd *referenceCommand) Run(ctx context.Context) error {
	s := &bareServer{rooms: map[int]*bareRoom{}, queue: make(chan stored, 4096), store: func(stored) error { return nil }}
	if cmd.Mode != "relay" {
		if err := s.openDatabase(ctx, cmd.Database); err != nil {
			return err
		}
		defer s.pool.Close()
	}
	switch cmd.Mode {
	case "insert":
		s.store = s.insert
	case "batch":
		s.store = s.enqueue
		for range 2 {
			go s.write(ctx)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/visitor", s.visitor)
	routes.HandleFunc("/agent", s.agent)
	routes.HandleFunc("/echo", s.echo)
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Printf("ready on http://%s\n", l.Addr())
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

func (s *bareServer) openDatabase(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	config.MaxConns = 16
	s.pool, err = pgxpool.NewWithConfig(ctx, config)
	return err
}

const insertOne = `INSERT INTO reference_messages (conversation, seq, client_id, body, at) VALUES ($1, $2, $3, $4, now())`

func (s *bareServer) insert(m stored) error {
	_, err := s.pool.Exec(context.Background(), insertOne, m.conversation, m.seq, m.id, m.body)
	return err
}

func (s *bareServer) enqueue(m stored) error {
	s.queue <- m
	return <-m.done
}

// write stores what waits with one statement, again and again.
func (s *bareServer) write(ctx context.Context) {
	for {
		var batch []stored
		select {
		case <-ctx.Done():
			return
		case m := <-s.queue:
			batch = append(batch, m)
		}
		for len(batch) < 512 && len(s.queue) > 0 {
			select {
			case m := <-s.queue:
				batch = append(batch, m)
			default:
			}
		}
		err := insertMany(ctx, s.pool, batch)
		for _, m := range batch {
			m.done <- err
		}
	}
}

// insertMany stores rows with one statement.
func insertMany(ctx context.Context, pool *pgxpool.Pool, batch []stored) error {
	n := len(batch)
	conversations, seqs := make([]int, n), make([]int64, n)
	ids, bodies := make([][16]byte, n), make([]string, n)
	for i, m := range batch {
		conversations[i], seqs[i], ids[i], bodies[i] = m.conversation, m.seq, m.id, m.body
	}
	_, err := pool.Exec(ctx, `
		INSERT INTO reference_messages (conversation, seq, client_id, body, at)
		SELECT *, now() FROM unnest($1::int[], $2::bigint[], $3::uuid[], $4::text[])`, conversations, seqs, ids, bodies)
	return err
}

// accept upgrades a request, starts the writer, and says welcome.
func (s *bareServer) accept(w http.ResponseWriter, r *http.Request) *bareSocket {
	u := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	ws, err := u.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	sock := &bareSocket{ws: ws, send: make(chan []byte, 256), gone: make(chan struct{})}
	go sock.write()
	sock.put([]byte(`{"t":"welcome"}`))
	return sock
}

func (s *bareServer) room(conversation int) *bareRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[conversation] == nil {
		s.rooms[conversation] = &bareRoom{}
	}
	return s.rooms[conversation]
}

func (s *bareServer) agent(w http.ResponseWriter, r *http.Request) {
	sock := s.accept(w, r)
	if sock == nil {
		return
	}
	first, _ := strconv.Atoi(r.URL.Query().Get("from"))
	for i := first; i < first+perAgent; i++ {
		s.room(i).agent.Store(sock)
	}
	for {
		if _, _, err := sock.ws.ReadMessage(); err != nil {
			close(sock.gone)
			return
		}
	}
}

func (s *bareServer) visitor(w http.ResponseWriter, r *http.Request) {
	sock := s.accept(w, r)
	if sock == nil {
		return
	}
	defer close(sock.gone)
	conversation, _ := strconv.Atoi(r.URL.Query().Get("conversation"))
	room := s.room(conversation)
	name := bareID(conversation).String()
	for {
		_, data, err := sock.ws.ReadMessage()
		var in bareFrame
		if err != nil || json.Unmarshal(data, &in) != nil {
			return
		}
		room.seq++
		m := stored{conversation: conversation, seq: room.seq, id: in.ClientID, body: in.Body, done: make(chan error, 1)}
		if s.store(m) != nil {
			return
		}
		now := time.Now()
		ack, _ := json.Marshal(bareFrame{Type: "ack", Seq: m.seq, ClientID: m.id})
		sock.put(ack)
		shown, _ := json.Marshal(bareFrame{Type: "msg", Conversation: name, Seq: m.seq, ClientID: m.id, Body: m.body, At: &now})
		if agent := room.agent.Load(); agent != nil {
			agent.put(shown)
		}
	}
}

func (s *bareServer) echo(w http.ResponseWriter, r *http.Request) {
	u := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	ws, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		kind, data, err := ws.ReadMessage()
		if err != nil || ws.WriteMessage(kind, data) != nil {
			return
		}
	}
}

// bareID names a conversation of the reference.
func bareID(i int) (id uuid.UUID) {
	id[14], id[15] = byte(i>>8), byte(i)
	return id
}

// bare is the reference as a target.
type bare struct {
	server *process
	talks  int
}

func (b *bare) visitor(ctx context.Context, i int) (*websocket.Conn, error) {
	ws, err := dial(ctx, b.server.addr, "/visitor?conversation="+strconv.Itoa(i), "")
	if err != nil {
		return nil, err
	}
	return ws, expect(ws, "welcome")
}

func (b *bare) agent(ctx context.Context, agent int) (*websocket.Conn, error) {
	ws, err := dial(ctx, b.server.addr, "/agent?from="+strconv.Itoa(agent*perAgent), "")
	if err != nil {
		return nil, err
	}
	return ws, expect(ws, "welcome")
}

func (b *bare) ledgers(context.Context) ([]*ledger, error) {
	list := make([]*ledger, b.talks)
	for i := range list {
		list[i] = &ledger{id: bareID(i)}
	}
	return list, nil
}
