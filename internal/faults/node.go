package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Node is one process of the binary, with the proxies on its links. It keeps its addresses over restarts.
type Node struct {
	Front *Proxy // clients to node
	Back  *Proxy // node to PostgreSQL
	Mesh  *Proxy // other nodes to this one

	cluster *Cluster
	number  int
	listen  string // address behind Front
	mesh    string // address behind Mesh

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{} // closed once the process is gone
}

func (c *Cluster) newNode(number int) (n *Node, err error) {
	n = &Node{cluster: c, number: number}
	database, err := url.Parse(c.local.URL())
	if err != nil {
		return nil, err
	}
	for _, address := range []*string{&n.listen, &n.mesh} {
		if *address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	for _, p := range []struct {
		proxy    **Proxy
		name, to string
	}{{&n.Front, "front", n.listen}, {&n.Back, "back", database.Host}, {&n.Mesh, "mesh", n.mesh}} {
		if *p.proxy, err = c.proxies.open(p.name+strconv.Itoa(number), p.to); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// URL is where clients reach the node, by way of its proxy.
func (n *Node) URL() string { return "http://" + n.Front.Address() }

// Direct is where clients reach the node without a proxy.
func (n *Node) Direct() string { return "http://" + n.listen }

// Link opens one more proxy between clients and the node, for faults that only some of them meet.
func (n *Node) Link() (*Proxy, error) { return n.cluster.proxies.open("link", n.listen) }

// Launch starts the process and returns at once.
func (n *Node) Launch() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	database, err := url.Parse(n.cluster.local.URL())
	if err != nil {
		return err
	}
	database.Host = n.Back.Address()
	o := n.cluster.options
	log, err := os.OpenFile(filepath.Join(o.Dir, fmt.Sprintf("node%d.log", n.number)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(o.Binary, "serve", "--listen", n.listen, "--data-dir", filepath.Join(o.Dir, fmt.Sprintf("data%d", n.number)))
	cmd.Env = append(n.cluster.environment(database.String()), "HANDRAIL_NATS_LISTEN="+n.mesh, "HANDRAIL_NATS_ADVERTISE="+n.Mesh.Address())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	started, exited := make(chan error), make(chan struct{})
	go func() {
		// The death signal follows the thread that forked, so this goroutine keeps its thread as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended does not matter: the tests kill
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	n.cmd, n.exited = cmd, exited
	return nil
}

// Ready returns once the node says that it can do its work.
func (n *Node) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if code, _ := n.Status(ctx, "/readyz"); code == http.StatusOK {
			return nil
		}
		n.mu.Lock()
		exited := n.exited
		n.mu.Unlock()
		select {
		case <-exited:
			return fmt.Errorf("node %d ended while it started: %s", n.number, n.tail())
		default:
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("node %d does not get ready: %w: %s", n.number, err, n.tail())
		}
	}
}

// Process is the number of the running process, 0 if there is none.
func (n *Node) Process() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return 0
	}
	return n.cmd.Process.Pid
}

// Status asks the node for a page, past the proxy.
func (n *Node) Status(ctx context.Context, path string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Direct()+path, nil)
	if err != nil {
		return 0, err
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// tail is the end of the node's log.
func (n *Node) tail() string {
	b, err := os.ReadFile(filepath.Join(n.cluster.options.Dir, fmt.Sprintf("node%d.log", n.number)))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// Kill ends the process as a power cut would.
func (n *Node) Kill() error { return n.end(syscall.SIGKILL, 10*time.Second) }

// Terminate asks the process to stop and waits for it.
func (n *Node) Terminate() error { return n.end(syscall.SIGTERM, 30*time.Second) }

// end signals the process group, so that no child of the node stays behind.
func (n *Node) end(signal syscall.Signal, limit time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return nil
	}
	cmd, exited := n.cmd, n.exited
	n.cmd = nil
	if err := syscall.Kill(-cmd.Process.Pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	select {
	case <-exited:
		return nil
	case <-time.After(limit):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return fmt.Errorf("node %d did not end within %s of signal %v", n.number, limit, signal)
	}
}

// Restart launches the node again and waits until it is ready.
func (n *Node) Restart(ctx context.Context) error {
	if err := n.Launch(); err != nil {
		return err
	}
	return n.Ready(ctx)
}

// sleep waits for d or for the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
