package seal

import (
	"container/list"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// cacheSize is how many data keys stay unwrapped in memory, at about 1 KB each.
	cacheSize = 50_000
	// cacheLife bounds how long the key of an erased contact stays in the memory of other nodes.
	cacheLife = 10 * time.Minute
)

// Owner names whose key is meant: a contact of a workspace, or the workspace itself by the zero id.
type Owner struct{ Workspace, ID uuid.UUID }

// cache keeps the keys that were used last.
type cache struct {
	mu    sync.Mutex
	byKey map[Owner]*list.Element
	order *list.List // of *cached, the latest used first
}

type cached struct {
	owner Owner
	key   *Key
	until time.Time
}

func newCache() *cache { return &cache{byKey: map[Owner]*list.Element{}, order: list.New()} }

// get returns nil for what is not known, or was known for too long.
func (c *cache) get(o Owner, now time.Time) *Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[o]
	if e == nil {
		return nil
	}
	entry := e.Value.(*cached)
	if now.After(entry.until) {
		c.drop(e)
		return nil
	}
	c.order.MoveToFront(e)
	return entry.key
}

func (c *cache) put(o Owner, k *Key, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[o]; e != nil {
		c.drop(e)
	}
	c.byKey[o] = c.order.PushFront(&cached{o, k, now.Add(cacheLife)})
	if c.order.Len() > cacheSize {
		c.drop(c.order.Back())
	}
}

func (c *cache) forget(o Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[o]; e != nil {
		c.drop(e)
	}
}

func (c *cache) drop(e *list.Element) {
	c.order.Remove(e)
	delete(c.byKey, e.Value.(*cached).owner)
}
