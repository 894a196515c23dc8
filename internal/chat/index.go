package chat

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

const (
	// indexDelay is how long the index may lag behind the log: entries that arrive together are indexed together, which
	// costs a write of one row for up to 64 of them.
	indexDelay = 2 * time.Second
	// sweepEvery is how often conversations are looked for whose entries a node has left without indexing them.
	sweepEvery = 10 * time.Minute
	// sweepBatch is how many conversations one sweep takes up, and how many entries one step of the index reads.
	sweepBatch = 1000
)

// behind is the set of conversations with entries that the index does not hold yet. Losing it costs a sweep.
type behind struct {
	mu   sync.Mutex
	keys map[key]bool // nil while nobody indexes
}

func (b *behind) add(k key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys != nil {
		b.keys[k] = true
	}
}

// take empties the set, which collects from then on.
func (b *behind) take() map[key]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.keys
	b.keys = map[key]bool{}
	return taken
}

// IndexHistory keeps the index of the history up to date until ctx ends. Any number of nodes may do so at once. Failures
// go to report, and what failed is tried again by the next sweep.
func (l *Log) IndexHistory(ctx context.Context, report func(error)) {
	tick := time.NewTicker(indexDelay)
	defer tick.Stop()
	var swept time.Time
	for {
		due := l.behind.take()
		if time.Since(swept) >= sweepEvery {
			swept = time.Now()
			if err := l.unindexed(ctx, due); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
		for k := range due {
			if err := l.Index(ctx, k.workspace, k.id); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// unindexed adds conversations to the set whose index lags behind.
func (l *Log) unindexed(ctx context.Context, due map[key]bool) error {
	return l.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT c.workspace_id, c.id FROM conversations c
			WHERE c.erased_at IS NULL AND c.last_seq > coalesce((
				SELECT max(s.upto) FROM search_chunks s
				WHERE s.workspace_id = c.workspace_id AND s.conversation_id = c.id), 0) LIMIT $1`, sweepBatch)
		if err != nil {
			return fmt.Errorf("look for what is not indexed: %w", err)
		}
		var k key
		_, err = pgx.ForEachRow(rows, []any{&k.workspace, &k.id}, func() error {
			if due != nil {
				due[k] = true
			}
			return nil
		})
		return err
	})
}

// Index brings the index of one conversation up to its last entry.
func (l *Log) Index(ctx context.Context, ws, conversation uuid.UUID) error {
	for more := true; more; {
		err := l.db.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
			more, err = l.indexSome(ctx, tx, ws, conversation)
			return err
		})
		if err != nil {
			return fmt.Errorf("index conversation %s: %w", conversation, err)
		}
	}
	return nil
}

// indexSome indexes the next entries and reports whether there may be more. Its lock keeps it apart from an erasure,
// which removes the index, and not from those who write.
func (l *Log) indexSome(ctx context.Context, tx pgx.Tx, ws, conversation uuid.UUID) (more bool, err error) {
	if err := lockIndex(ctx, tx, conversation); err != nil {
		return false, err
	}
	entries, err := l.messagesWithin(ctx, tx, ws, `
		SELECT `+messageColumns+`, `+openColumns+`
		FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
		WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND c.erased_at IS NULL AND m.seq > coalesce((
			SELECT max(upto) FROM search_chunks WHERE workspace_id = $1 AND conversation_id = $2), 0)
		ORDER BY m.seq LIMIT $3`, ws, conversation, sweepBatch)
	if err != nil || len(entries) == 0 {
		return false, err
	}
	key, err := l.db.Vault().Create(ctx, tx, seal.SearchOwner(ws))
	if err != nil {
		return false, err
	}
	var b pgx.Batch
	for rest := entries; len(rest) > 0; {
		part := rest[:1]
		for len(part) < len(rest) && chunkOf(rest[len(part)].Seq) == chunkOf(part[0].Seq) {
			part = rest[:len(part)+1]
		}
		rest = rest[len(part):]
		var terms []string
		for _, m := range part {
			terms = append(terms, searchTerms(m.Body)...)
		}
		slices.Sort(terms)
		last := part[len(part)-1].Seq
		b.Queue(`
			INSERT INTO search_chunks AS s (workspace_id, conversation_id, chunk, upto, terms) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (workspace_id, conversation_id, chunk) DO UPDATE
			SET upto = excluded.upto, terms = (SELECT array_agg(DISTINCT t) FROM unnest(s.terms || excluded.terms) t)`,
			ws, conversation, chunkOf(last), last, key.Blind(slices.Compact(terms)))
	}
	return len(entries) == sweepBatch, tx.SendBatch(ctx, &b).Close()
}

// lockIndex holds the index of a conversation until the end of the transaction.
func lockIndex(ctx context.Context, tx pgx.Tx, conversation uuid.UUID) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 21))`, conversation.String())
	return err
}
