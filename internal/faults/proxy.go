package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxies are the links of a cluster.
type proxies struct {
	server *toxiproxy.ApiServer // only lends its settings: its HTTP interface does not run

	mu  sync.Mutex
	all []*Proxy
}

func newProxies() *proxies {
	zerolog.SetGlobalLevel(zerolog.Disabled) // some toxics log past the logger that they are given
	return &proxies{server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
}

// open starts a proxy on a free loopback port.
func (p *proxies) open(name, upstream string) (*Proxy, error) {
	link := toxiproxy.NewProxy(p.server, name, "127.0.0.1:0", upstream)
	if err := link.Start(); err != nil {
		return nil, fmt.Errorf("open the proxy %s: %w", name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	proxy := &Proxy{link: link, address: link.Listen}
	p.all = append(p.all, proxy)
	return proxy, nil
}

func (p *proxies) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, proxy := range p.all {
		proxy.link.Stop()
	}
}

// Proxy is one link.
type Proxy struct {
	link    *toxiproxy.Proxy
	address string
}

// URL is where clients of the proxy reach a node.
func (p *Proxy) URL() string { return "http://" + p.address }

// Address is the host:port on which the proxy listens. It stays the same over cuts.
func (p *Proxy) Address() string { return p.address }

// Cut closes every connection and refuses new ones until Heal.
func (p *Proxy) Cut() { p.link.Stop() }

// Silence lets both ends believe that they are connected, and delivers nothing, until Heal.
func (p *Proxy) Silence() error {
	for _, stream := range []string{"upstream", "downstream"} {
		if err := p.Poison(stream, "timeout", map[string]any{"timeout": 0}); err != nil {
			return err
		}
	}
	return nil
}

// Poison adds a toxic of toxiproxy to one direction: upstream is away from the client.
func (p *Proxy) Poison(stream, kind string, attributes map[string]any) error {
	b, err := json.Marshal(map[string]any{"name": kind + "_" + stream, "type": kind, "stream": stream, "attributes": attributes})
	if err != nil {
		return err
	}
	_, err = p.link.Toxics.AddToxicJson(strings.NewReader(string(b)))
	return err
}

// Heal undoes Cut, Silence and Poison.
func (p *Proxy) Heal(ctx context.Context) error {
	p.link.Toxics.ResetToxics(ctx)
	if p.link.Enabled {
		return nil
	}
	return p.link.Start()
}
