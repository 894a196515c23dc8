package knowledge

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"handrail/internal/postings"
)

// index is the lexical index of one workspace as of one version of its statistics.
type index struct {
	version  int64
	passages int64
	pivot    float64
	postings postings.Index
}

// indexFrom is the number of passages from which a workspace is worth an index in memory. A scan of fewer takes about
// two milliseconds.
const indexFrom = 2000

// defaultIndexMemory bounds the indexes of all workspaces together: enough for about a million passages.
const defaultIndexMemory = 1 << 30

// wantedAtOnce is how many workspaces can wait for their index.
const wantedAtOnce = 64

// indexes holds the workspaces' indexes in memory. Whatever is not here is searched by a scan in the database, so an
// index is only ever a matter of speed.
//
//	absent ── a search asks ──> wanted ── is loaded ──> held ── searches bring it up to date
//	   ^                                                 │
//	   └──── memory is short, and others were used later ┘
type indexes struct {
	mu     sync.Mutex
	held   map[uuid.UUID]*heldIndex
	memory int64
	wanted chan uuid.UUID

	loader sync.WaitGroup
	stop   context.CancelFunc
}

// heldIndex is the place of one workspace's index.
type heldIndex struct {
	current atomic.Pointer[index] // nil until it is loaded
	used    atomic.Int64          // when a search last asked for it, in Unix nanoseconds
	refused atomic.Int64          // how many passages did not fit into the memory; 0 if it was never refused
	loading sync.Mutex            // held while it is loaded or brought up to date
}

// IndexMemory bounds the memory of the indexes of all workspaces together, in bytes; 1 GiB unless set, 0 for
// none. Workspaces that do not fit are searched by a scan.
func (b *Base) IndexMemory(bytes int64) {
	b.indexes.mu.Lock()
	defer b.indexes.mu.Unlock()
	b.indexes.memory = bytes
}

// Start loads the indexes that searches of large workspaces ask for, until [Base.Stop] or the end of ctx. Without it
// every search is a scan.
func (b *Base) Start(ctx context.Context) {
	ctx, b.indexes.stop = context.WithCancel(ctx)
	b.indexes.loader.Go(func() { b.load(ctx) })
}

// Stop returns when no goroutine of the base is left. It is safe without a Start.
func (b *Base) Stop() {
	if b.indexes.stop != nil {
		b.indexes.stop()
	}
	b.indexes.loader.Wait()
}

func (b *Base) load(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ws := <-b.indexes.wanted:
			if err := b.Index(ctx, ws); err != nil && ctx.Err() == nil {
				slog.ErrorContext(ctx, "a knowledge index was not loaded; searches scan the table", "workspace", ws, "error", err)
			}
		}
	}
}

// Index brings the index of a workspace into memory, or up to date, and returns when it is there. Searches ask for it
// by themselves once [Base.Start] was called.
func (b *Base) Index(ctx context.Context, ws uuid.UUID) error {
	h := b.indexes.place(ws)
	h.loading.Lock()
	defer h.loading.Unlock()
	_, err := b.refresh(ctx, ws, h, 0)
	return err
}

// place returns the workspace's place, new if need be.
func (x *indexes) place(ws uuid.UUID) *heldIndex {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.held[ws]
	if h == nil {
		h = &heldIndex{}
		h.used.Store(time.Now().UnixNano())
		x.held[ws] = h
	}
	return h
}

// get returns the workspace's index if it is loaded, and notes that it is in use.
func (x *indexes) get(ws uuid.UUID) *index {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.held[ws]
	if h == nil {
		return nil
	}
	h.used.Store(time.Now().UnixNano())
	return h.current.Load()
}

// want asks for the index of a workspace of so many passages, if it is worth one and fits. A request that finds no
// room is made again by the next search.
func (x *indexes) want(ws uuid.UUID, passages int64) {
	x.mu.Lock()
	memory := x.memory
	x.mu.Unlock()
	if passages < indexFrom || memory <= 0 {
		return
	}
	if refused := x.place(ws).refused.Load(); refused > 0 && passages >= refused {
		return
	}
	select {
	case x.wanted <- ws:
	default:
	}
}

// recently is how long an index is left alone after a search. Workspaces that do not fit together would otherwise push
// each other out at every search, and load again each time.
const recently = time.Minute

// makeRoom drops the indexes that were used longest ago until the rest fits. The index of keep goes last, and goes too
// if it does not fit alone.
func (x *indexes) makeRoom(keep uuid.UUID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	recent := time.Now().Add(-recently).UnixNano()
	for {
		var total int64
		var oldest uuid.UUID
		at := int64(0)
		for ws, h := range x.held {
			ix := h.current.Load()
			if ix == nil {
				continue
			}
			total += ix.postings.Bytes()
			if used := h.used.Load(); ws != keep && used < recent && (at == 0 || used < at) {
				oldest, at = ws, used
			}
		}
		switch {
		case total <= x.memory:
			return
		case at != 0:
			delete(x.held, oldest)
		default:
			slog.Warn("the knowledge of a workspace does not fit into the memory for indexes; its searches scan the table",
				"workspace", keep, "bytes", total, "limit", x.memory)
			passages := x.held[keep].current.Swap(nil).passages
			x.held[keep].refused.Store(passages)
			return
		}
	}
}
