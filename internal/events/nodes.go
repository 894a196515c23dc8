package events

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats-server/v2/server"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

const (
	// nodeLease is how long a node counts as alive without a sign of life; it renews three times as often.
	nodeLease = 15 * time.Second
	// routePing finds out whether another node still answers. Two unanswered ones end a route.
	routePing = 5 * time.Second
)

// Directory lets the nodes of one database find each other through it, so that nothing has to be configured: each
// writes its address into the table nodes under a lease, and connects to those of the others. The token that they show
// each other is made once per database.
type Directory struct {
	DB        *postgres.DB
	Node      string       // unique among all that share the database
	Advertise string       // host:port where others reach Listen; "" = Listen itself
	Logger    *slog.Logger // nil discards
}

// discover fills in what the configuration leaves to the directory. It reports false where other nodes could not reach
// this one, or where nobody should: on a public address. Such a node serves alone, and hears of the others' entries by
// polling.
func (d *Directory) discover(ctx context.Context, c *Config) (bool, error) {
	if c.Listen == "" {
		host, err := d.reachable(ctx)
		if err != nil {
			return false, err
		}
		ip := net.ParseIP(host)
		if ip == nil || !ip.IsLoopback() && !ip.IsPrivate() {
			d.Logger.Warn("nodes do not look for each other on a public address: set nats.listen, nats.routes and nats.token, or nats.url",
				"address", host)
			return false, nil
		}
		c.Listen = net.JoinHostPort(host, "0")
	}
	if c.Token == "" {
		var err error
		if c.Token, err = d.token(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// reachable returns the address from which this process talks to the database. Nodes that reach the same database by
// loopback are on one machine; others most likely reach each other in the network of the database.
func (d *Directory) reachable(ctx context.Context) (string, error) {
	conn, err := d.DB.Pool().Acquire(ctx)
	if err != nil {
		return "", errs.Wrap(err, errs.Unavailable, "the database does not answer")
	}
	defer conn.Release()
	host, _, err := net.SplitHostPort(conn.Conn().PgConn().Conn().LocalAddr().String())
	if err != nil {
		return "127.0.0.1", nil // a Unix socket
	}
	return host, nil
}

// token returns the secret of this database's nodes; the first node makes it.
func (d *Directory) token(ctx context.Context) (token string, err error) {
	err = d.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO cluster (token) VALUES ($1) ON CONFLICT DO NOTHING`, rand.Text()+rand.Text())
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT token FROM cluster`).Scan(&token)
	})
	if err != nil {
		return "", fmt.Errorf("read the nodes' token: %w", err)
	}
	return token, nil
}

// renew announces this node and returns the addresses of the others. The announcement is committed before the others
// are read, so that of two nodes that start together at least one sees the other.
func (d *Directory) renew(ctx context.Context, address string) (others []string, err error) {
	err = d.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO nodes (name, address, lease_until) VALUES ($1, $2, now() + $3)
			ON CONFLICT (name) DO UPDATE SET address = excluded.address, lease_until = excluded.lease_until`,
			d.Node, address, nodeLease)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("announce this node: %w", err)
	}
	err = d.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM nodes WHERE lease_until < now() - interval '1 hour'`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT address FROM nodes WHERE name <> $1 AND address <> $2 AND lease_until > now() ORDER BY address`, d.Node, address)
		if err != nil {
			return err
		}
		others, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for other nodes: %w", err)
	}
	return others, nil
}

// leave makes the others forget this node at once.
func (d *Directory) leave(ctx context.Context) error {
	return d.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM nodes WHERE name = $1`, d.Node)
		return err
	})
}

// join keeps the server's routes in step with the directory until ctx ends.
func (b *Bus) join(ctx context.Context, d *Directory, o *server.Options) {
	address := d.Advertise
	if address == "" {
		address = b.server.ClusterAddr().String()
	}
	tick := time.NewTicker(nodeLease / 3)
	defer tick.Stop()
	var known []string
	for {
		others, err := d.look(ctx, address)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			// The routes that there are stay: without the database they are needed no less.
			d.Logger.Warn("cannot look for other nodes", "error", err)
		case !slices.Equal(others, known):
			known = others
			if err := b.connectTo(o, others); err != nil {
				d.Logger.Error("cannot connect to other nodes; polling stands in", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look is renew within a bounded time, so that a database that hangs does not end the leases of a healthy node later.
func (d *Directory) look(ctx context.Context, address string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, nodeLease/3)
	defer cancel()
	return d.renew(ctx, address)
}

// connectTo replaces the routes of the running server; those that stay are not interrupted.
func (b *Bus) connectTo(o *server.Options, addresses []string) error {
	fresh := o.Clone()
	fresh.Routes = nil
	for _, a := range addresses {
		fresh.Routes = append(fresh.Routes, &url.URL{Scheme: "nats", Host: a, User: url.UserPassword("handrail", o.Cluster.Password)})
	}
	return b.server.ReloadOptions(fresh)
}
