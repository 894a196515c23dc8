// Package faults breaks a running Handrail on purpose and proves that nothing acknowledged is lost, nothing is shown
// twice, and order holds.
//
// A [Cluster] is the real thing on loopback: a PostgreSQL with fsync on, three processes of the binary, and a proxy on
// every link that can be cut, slowed or silenced:
//
//	visitors ---front---> node 1 ---back---> PostgreSQL
//	                        | mesh
//	agents -----front---> node 2 ---back---> PostgreSQL
//
// A [Crowd] of visitors and agents talks over package client. A [Ledger] writes down what each of them sent, was
// acknowledged and was shown, and compares it with the database at the end: acknowledged is a subset of stored, shown
// equals stored in order, nothing repeats, nothing is missing, the count is last_seq.
//
// The tests F1 to F14 are the plan of docs/operations.md. `make faults` runs them with their full counts and writes
// every number to faults.json; a plain `go test` does each a few times. A cluster stops only what it has started, and
// every wait has a deadline.
//
// The package has no tables.
package faults

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"handrail/internal/postgres"
)

// Options say what to start.
type Options struct {
	Binary string   // path of handrail
	PGBin  string   // folder of PostgreSQL's programs; "" = found as the product finds it
	Dir    string   // empty folder for everything, which every account may enter; the caller removes it
	Nodes  int      // 0 = 3
	Env    []string // further settings of the nodes, as NAME=value
	PGDir  string   // folder of the database; "" = below Dir
	PGCopy string   // a stopped database to begin with, which [Prepare] has made; "" = an empty one
	Log    *slog.Logger
}

// Cluster is a running installation.
type Cluster struct {
	Nodes  []*Node
	Widget string // key
	DB     *postgres.DB

	options Options
	ctx     context.Context // of the cluster's processes
	local   *postgres.Local
	proxies *proxies
}

// startLimit bounds the start of anything.
const startLimit = 60 * time.Second

// Start boots PostgreSQL and the nodes, and makes a widget. On failure it stops what it has started.
func Start(ctx context.Context, o Options) (c *Cluster, err error) {
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	if o.PGDir == "" {
		o.PGDir = filepath.Join(o.Dir, "database")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c = &Cluster{options: o, ctx: ctx, proxies: newProxies()}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop())
		}
	}()
	if err = os.MkdirAll(o.PGDir, 0o755); err != nil {
		return c, err
	}
	if o.PGCopy != "" {
		// With its owners and modes, which a copy by this process would have to know.
		if out, err := exec.CommandContext(ctx, "cp", "-a", o.PGCopy+"/.", o.PGDir).CombinedOutput(); err != nil {
			return c, fmt.Errorf("copy the database: %w\n%s", err, out)
		}
	}
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if c.local, err = postgres.StartLocal(starting, postgres.LocalConfig{Dir: o.PGDir, BinDir: o.PGBin, Log: o.Log}); err != nil {
		return c, err
	}
	if c.DB, err = postgres.Open(starting, postgres.Config{URL: c.local.URL(), MaxConns: 8}); err != nil {
		return c, err
	}
	if c.Widget, err = c.widget(starting); err != nil {
		return c, err
	}
	for i := range o.Nodes {
		n, err := c.newNode(i)
		if err != nil {
			return c, err
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c, c.startNodes(starting)
}

// Prepare makes a migrated database in a folder and stops it, for [Options.PGCopy]: that takes longer than everything
// else at the start.
func Prepare(ctx context.Context, pgBin, dir string) error {
	local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: dir, BinDir: pgBin})
	if err != nil {
		return err
	}
	return errors.Join(postgres.Migrate(ctx, local.URL()), local.Stop())
}

func (c *Cluster) startNodes(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := n.Launch(); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := n.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends nodes, proxies and database.
func (c *Cluster) Stop() error {
	var failures []error
	for _, n := range c.Nodes {
		failures = append(failures, n.Kill())
	}
	c.proxies.stop()
	if c.DB != nil {
		c.DB.Close()
	}
	if c.local != nil {
		failures = append(failures, c.local.Stop())
	}
	return errors.Join(failures...)
}

// URLs are the base URLs of all nodes, by way of their proxies.
func (c *Cluster) URLs() (urls []string) {
	for _, n := range c.Nodes {
		urls = append(urls, n.URL())
	}
	return urls
}

// Run runs a command of the product on the cluster's database and returns what it prints.
func (c *Cluster) Run(ctx context.Context, stdin string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.options.Binary, append(arguments, "--data-dir", filepath.Join(c.options.Dir, "data"))...)
	cmd.Env = c.environment(c.local.URL())
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("handrail %s: %w\n%s", arguments[0], err, out)
	}
	return string(out), nil
}

// environment holds nothing of the caller's: a stray DATABASE_URL must not lead a test astray.
func (c *Cluster) environment(database string) []string {
	return append([]string{"PATH=/usr/bin:/bin", "HOME=" + c.options.Dir, "DATABASE_URL=" + database}, c.options.Env...)
}

// widget makes a widget and reads its key from the snippet.
func (c *Cluster) widget(ctx context.Context) (string, error) {
	out, err := c.Run(ctx, "", "widget", "--name", "faults")
	if err != nil {
		return "", err
	}
	_, rest, found := strings.Cut(out, `data-key="`)
	key, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		return "", fmt.Errorf("there is no key in the snippet %q", out)
	}
	return key, nil
}

// freeAddress is a loopback address that was free a moment ago. It lies below the ports that systems give to outgoing
// connections: a node that restarts must find its own still free.
func freeAddress() (string, error) {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(10_000))
		l, err := net.Listen("tcp", address)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return "", err
		}
		return address, l.Close()
	}
}
