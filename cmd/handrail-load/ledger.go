package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ledger is what passed between the two sides of one conversation, as the clients saw it.
type ledger struct {
	id   uuid.UUID
	base int64 // number of the last entry before the load

	mu      sync.Mutex
	sent    []delivery
	cursor  int64    // number of the last entry shown to the agent
	shown   []uint32 // messages in the order in which the agent saw them
	trouble []string
}

// delivery is the life of one message; times are in nanoseconds since the start of the load, 0 = not yet.
type delivery struct {
	due, acked, seen int64
	seq              int64 // as acknowledged
	refused          int32 // times it was refused
}

// clientID names a message: the run, the conversation, and the message's number within it.
func clientID(run uuid.UUID, conversation, message int) (id uuid.UUID) {
	copy(id[:8], run[:8])
	binary.BigEndian.PutUint32(id[8:], uint32(conversation))
	binary.BigEndian.PutUint32(id[12:], uint32(message))
	return id
}

// belongs takes a client id apart, if it is of this run.
func belongs(run, id uuid.UUID) (conversation, message int, ok bool) {
	return int(binary.BigEndian.Uint32(id[8:])), int(binary.BigEndian.Uint32(id[12:])), [8]byte(run[:8]) == [8]byte(id[:8])
}

// open notes a message that is due to be sent and returns its number.
func (l *ledger) open(due int64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, delivery{due: due})
	return len(l.sent) - 1
}

// acknowledge notes an acknowledgement, and reports whether the message is complete with it.
func (l *ledger) acknowledge(n int, seq, now int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := &l.sent[n]
	if d.acked != 0 {
		if d.seq != seq {
			l.trouble = append(l.trouble, fmt.Sprintf("message %d acknowledged as %d and as %d", n, d.seq, seq))
		}
		return false
	}
	d.acked, d.seq = now, seq
	return d.seen != 0
}

// show notes an entry that reached the agent; n is -1 for one that is not of this load. It reports whether the message
// is complete with it.
func (l *ledger) show(n int, seq, now int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq <= l.cursor {
		return false // clients ignore what they have shown already
	}
	if seq != l.cursor+1 {
		l.trouble = append(l.trouble, fmt.Sprintf("entry %d shown after %d", seq, l.cursor))
	}
	l.cursor = seq
	if n < 0 {
		return false
	}
	d := &l.sent[n]
	if d.seen != 0 {
		l.trouble = append(l.trouble, fmt.Sprintf("message %d shown twice", n))
	}
	d.seen = now
	l.shown = append(l.shown, uint32(n))
	return d.acked != 0
}

func (l *ledger) refuse(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[n].refused++
}

// count says how much of the load came how far.
type count struct{ sent, acked, seen, refused, unanswered int }

func (c *count) add(l *ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.sent {
		c.sent++
		switch {
		case d.acked != 0:
			c.acked++
		case d.refused != 0:
			c.refused++
		default:
			c.unanswered++
		}
		if d.seen != 0 {
			c.seen++
		}
	}
}

// latencies returns the sorted times from due to acknowledged and to seen of what was seen in a window.
func latencies(ledgers []*ledger, from, to time.Duration) (acks, seen []time.Duration) {
	for _, l := range ledgers {
		l.mu.Lock()
		for _, d := range l.sent {
			if d.acked != 0 && d.seen >= int64(from) && d.seen < int64(to) {
				acks, seen = append(acks, time.Duration(d.acked-d.due)), append(seen, time.Duration(d.seen-d.due))
			}
		}
		l.mu.Unlock()
	}
	slices.Sort(acks)
	slices.Sort(seen)
	return acks, seen
}

func percentile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}

// audit compares the ledgers with the database: acknowledged messages are stored under the number acknowledged, stored
// ones were shown, in order, once. It returns what is wrong, the number of stored messages, and how many acknowledged
// ones are not among them.
func audit(ctx context.Context, db *pgxpool.Pool, run uuid.UUID, ledgers []*ledger) (trouble []string, stored, lost int, err error) {
	for _, l := range ledgers {
		found, bad, err := l.audit(ctx, db, run)
		if err != nil {
			return nil, 0, 0, err
		}
		stored += len(found)
		l.mu.Lock()
		for n, d := range l.sent {
			if d.acked != 0 && found[n] != d.seq {
				lost++
				bad = append(bad, fmt.Sprintf("message %d acknowledged as %d, stored as %d", n, d.seq, found[n]))
			}
		}
		for _, b := range append(bad, l.trouble...) {
			trouble = append(trouble, fmt.Sprintf("%s: %s", l.id, b))
		}
		l.mu.Unlock()
	}
	return trouble, stored, lost, nil
}

// audit reads what is stored of one conversation, as numbers of entries by message.
func (l *ledger) audit(ctx context.Context, db *pgxpool.Pool, run uuid.UUID) (found map[int]int64, trouble []string, err error) {
	rows, err := db.Query(ctx, `
		SELECT seq, client_id FROM messages WHERE conversation_id = $1 AND seq > $2 ORDER BY seq`, l.id, l.base)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	found = map[int]int64{}
	next, want := 0, l.base
	for rows.Next() {
		var seq int64
		var id uuid.UUID
		if err := rows.Scan(&seq, &id); err != nil {
			return nil, nil, err
		}
		if want++; seq != want {
			trouble = append(trouble, fmt.Sprintf("entry %d is stored after %d", seq, want-1))
		}
		_, n, mine := belongs(run, id)
		if !mine {
			continue
		}
		if found[n] != 0 {
			trouble = append(trouble, fmt.Sprintf("message %d is stored twice", n))
		}
		found[n] = seq
		switch {
		case next >= len(l.shown):
			trouble = append(trouble, fmt.Sprintf("entry %d was not shown", seq))
		case int(l.shown[next]) != n:
			trouble = append(trouble, fmt.Sprintf("message %d was shown in the place of %d", l.shown[next], n))
		}
		next++
	}
	if next < len(l.shown) {
		trouble = append(trouble, fmt.Sprintf("%d messages were shown that are not stored", len(l.shown)-next))
	}
	return found, trouble, rows.Err()
}
