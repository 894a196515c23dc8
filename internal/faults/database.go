package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// DataFolder is that of the PostgreSQL cluster.
func (c *Cluster) DataFolder() string { return filepath.Join(c.options.PGDir, "pg/data") }

// DatabaseURL leads to PostgreSQL past the proxies.
func (c *Cluster) DatabaseURL() string { return c.local.URL() }

// KillDatabase ends the postmaster with SIGKILL, and its children with it. Whoever started it, the private cluster of
// the product, starts it again.
func (c *Cluster) KillDatabase() error {
	b, err := os.ReadFile(filepath.Join(c.DataFolder(), "postmaster.pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	if err != nil {
		return fmt.Errorf("postmaster.pid: %w", err)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// AwaitDatabase returns once PostgreSQL answers.
func (c *Cluster) AwaitDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		asking, done := context.WithTimeout(ctx, time.Second)
		err := c.DB.Ping(asking)
		done()
		if err == nil {
			return nil
		}
		if sleep(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("PostgreSQL does not come back: %w", err)
		}
	}
}
