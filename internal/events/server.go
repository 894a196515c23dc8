package events

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"handrail/internal/errs"
)

// connectTimeout bounds every exchange with the server. The server is near; more time would not help.
const connectTimeout = 5 * time.Second

// embed starts a server in this process and connects to it.
func (b *Bus) embed(ctx context.Context, c Config) error {
	d := c.Directory
	if d != nil {
		if d.Logger == nil {
			d.Logger = slog.New(slog.DiscardHandler)
		}
		found, err := d.discover(ctx, &c)
		if err != nil {
			return err
		}
		if !found {
			d = nil
		}
	}
	o, err := serverOptions(c)
	if err != nil {
		return err
	}
	if b.server, err = server.NewServer(o); err != nil {
		return errs.Wrap(err, errs.Invalid, "the event server cannot start with these options")
	}
	b.server.Start()
	if !b.server.ReadyForConnections(connectTimeout) {
		b.stopServer()
		return errs.New(errs.Unavailable, "the event server did not start: check that %s is free", c.Listen)
	}
	if err := b.connect(ctx, "", nats.InProcessServer(b.server), nats.Token(o.Authorization)); err != nil {
		b.stopServer()
		return err
	}
	if d != nil {
		b.directory = d
		ctx, b.leave = context.WithCancel(context.WithoutCancel(ctx)) // the bus outlives what opens it
		b.joined.Go(func() { b.join(ctx, d, o) })
	}
	return nil
}

// serverOptions opens no port for a single node. A cluster needs the client listener, because the server starts its
// routes only after it; loopback, a random port and the token keep others out.
func serverOptions(c Config) (*server.Options, error) {
	o := &server.Options{NoSigs: true, NoLog: true, MaxPayload: 1 << 20, DontListen: true, Authorization: c.Token}
	if len(c.Routes) == 0 && c.Listen == "" {
		return o, nil
	}
	if c.Token == "" {
		return nil, errs.New(errs.Invalid, "clustered nodes need a shared token")
	}
	host, port, err := hostPort(c.Listen)
	if err != nil {
		return nil, err
	}
	o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o.Cluster = server.ClusterOpts{Name: "handrail", Host: host, Port: port, Username: "handrail", Password: c.Token,
		PingInterval: routePing, MaxPingsOut: 2}
	if c.Directory != nil {
		// Every node connects to every other by itself. What servers tell each other by gossip would be retried for a
		// while after a node is gone, and would lead past an advertised address.
		o.Cluster.NoAdvertise, o.Cluster.Advertise = true, c.Directory.Advertise
	}
	for _, r := range c.Routes {
		u, err := url.Parse(r)
		if err != nil || u.Host == "" {
			return nil, errs.New(errs.Invalid, "cluster route %q is not of the form nats://host:port", r)
		}
		u.User = url.UserPassword("handrail", c.Token)
		o.Routes = append(o.Routes, u)
	}
	return o, nil
}

func hostPort(listen string) (string, int, error) {
	host, p, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, errs.Wrap(err, errs.Invalid, "cluster address %q is not of the form host:port", listen)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return "", 0, errs.Wrap(err, errs.Invalid, "cluster address %q has no numeric port", listen)
	}
	return host, port, nil
}

// connect reaches a server and keeps reconnecting for as long as the bus lives.
func (b *Bus) connect(ctx context.Context, target string, extra ...nats.Option) error {
	timeout := connectTimeout
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end))
	}
	options := append([]nats.Option{
		nats.Name("handrail"),
		nats.Timeout(timeout),
		nats.MaxReconnects(-1),
		nats.DrainTimeout(connectTimeout),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
	}, extra...)
	conn, err := nats.Connect(target, options...)
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "the event server does not answer: check NATS_URL")
	}
	b.conn = conn
	return nil
}
