package chat

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// Append stores an entry and returns it with its number once it is committed. Appends that arrive together share a
// transaction; a lone one is written at once.
//
// An entry whose sender and client id are known already is not stored again: the stored one is returned, or an error
// of kind [errs.Conflict] if its body or kind differs. A visitor's text marks a turn due when the bot is in charge,
// and reopens a closed conversation. Further errors: [errs.Invalid] for an unusable entry, [errs.NotFound],
// [errs.Conflict] for an old epoch, [errs.RateLimited] when more is asked for than can be written, [errs.Unavailable]
// when the outcome is unknown; send the same entry again after these two, and when ctx ends.
func (l *Log) Append(ctx context.Context, ws, conversation uuid.UUID, e Entry) (Message, error) {
	if err := check(&e); err != nil {
		return Message{}, err
	}
	r := &request{key: key{ws, conversation}, entry: e, done: make(chan outcome, 1)}
	if err := l.queue.add(r, l.config.Writers, l.startWriter); err != nil {
		return Message{}, err
	}
	select {
	case o := <-r.done:
		return o.message, o.err
	case <-ctx.Done():
		return Message{}, ctx.Err()
	}
}

// check refuses what cannot be stored and fills in the default kind.
func check(e *Entry) error {
	if e.Kind == "" {
		e.Kind = KindText
	}
	switch {
	case e.ClientID == uuid.Nil:
		return errs.New(errs.Invalid, "the message has no client_id: choose a UUID and keep it over retries")
	case e.Sender.Kind == "":
		return errs.New(errs.Invalid, "the message has no sender")
	case !utf8.ValidString(e.Body):
		return errs.New(errs.Invalid, "the message is not valid UTF-8")
	case strings.ContainsRune(e.Body, 0):
		return errs.New(errs.Invalid, "the message contains a NUL character: remove it")
	case len(e.Body) > MaxBody && utf8.RuneCountInString(e.Body) > MaxBody:
		return errs.New(errs.Invalid, "the message has %d characters, at most %d are allowed: send it in parts",
			utf8.RuneCountInString(e.Body), MaxBody)
	case (e.Kind == KindText || e.Kind == KindNote) && strings.TrimSpace(e.Body) == "":
		return errs.New(errs.Invalid, "the message is empty: write something")
	case e.Data != nil && !json.Valid(e.Data):
		return errs.New(errs.Invalid, "the message's data is not valid JSON")
	}
	return nil
}

// startWriter runs a writer until the queue is empty; Stop waits for it.
func (l *Log) startWriter() {
	l.running.Go(func() {
		for {
			batch := l.queue.take(l.config.MaxBatch)
			if batch == nil {
				return
			}
			l.write(batch)
		}
	})
}

// write commits a batch, then lets other writers have its conversations.
func (l *Log) write(batch []*request) {
	held, start := keysOf(batch), time.Now()
	defer func() { l.queue.written(len(batch), time.Since(start)) }()
	for k, requests := range byKey(l.commitEach(batch, skipLocked)) {
		delete(held, k)
		l.writeBlocked(k, requests)
	}
	l.queue.release(held, l.config.Writers, l.startWriter)
}

// writeBlocked writes requests of a conversation that someone else holds locked, beside the writers. The conversation
// stays busy until then.
func (l *Log) writeBlocked(k key, requests []*request) {
	l.running.Go(func() {
		l.blocked <- struct{}{}
		defer func() { <-l.blocked }()
		l.commitEach(requests, waitForLock)
		l.queue.release(map[key]bool{k: true}, l.config.Writers, l.startWriter)
	})
}

// commitEach commits a batch together. Where that fails, every entry is tried alone, so that the guilty one fails
// alone; but not if the database is away, when each would have to wait in turn to learn the same. It returns the
// requests whose conversations are locked.
func (l *Log) commitEach(batch []*request, mode lockMode) []*request {
	locked, err := l.commit(batch, mode)
	switch {
	case err == nil:
		return locked
	case len(batch) == 1 || errs.Is(err, errs.Unavailable):
		for _, r := range batch {
			r.done <- outcome{err: err}
		}
		return nil
	}
	for _, r := range batch {
		locked = append(locked, l.commitEach([]*request{r}, mode)...)
	}
	return locked
}

// commit writes a batch in one transaction and answers its requests. It returns those it left alone because their
// conversation is locked by someone else, or unknown; with waitForLock there are none.
//
// A batch may span workspaces: many small ones would otherwise each have a commit of their own. Every statement
// joins on (workspace_id, id) as the caller gave them, so no request reaches a row of another workspace.
func (l *Log) commit(batch []*request, mode lockMode) (locked []*request, err error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.config.Timeout)
	defer cancel()
	var outcomes []outcome
	d := newDraft(l.db.Vault())
	err = l.db.InTwoTrips(ctx, func(b *pgx.Batch) { d.queueLoad(b, batch, mode) }, func(tx pgx.Tx, b *pgx.Batch) error {
		if err := d.unlock(ctx, tx); err != nil {
			return err
		}
		outcomes = d.answer(batch)
		return d.queueSave(b)
	})
	if err != nil {
		return nil, busy(err)
	}
	l.committed(d)
	for i, r := range batch {
		if mode == skipLocked && d.conversations[r.key] == nil {
			locked = append(locked, r)
			continue
		}
		r.done <- outcomes[i]
	}
	return locked, nil
}

// answer gives every request its place in the locked conversations.
func (d *draft) answer(batch []*request) []outcome {
	outcomes := make([]outcome, len(batch))
	for i, r := range batch {
		outcomes[i].message, outcomes[i].err = d.append(r.key, r.entry)
	}
	return outcomes
}

func keysOf(batch []*request) map[key]bool {
	keys := map[key]bool{}
	for _, r := range batch {
		keys[r.key] = true
	}
	return keys
}

func byKey(batch []*request) map[key][]*request {
	groups := map[key][]*request{}
	for _, r := range batch {
		groups[r.key] = append(groups[r.key], r)
	}
	return groups
}
