package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Decide runs fn on the locked conversation and stores what it changed and the entries it returned, all in one
// transaction; hints follow the commit. It returns the entries as stored. Entries that are stored already are not
// stored again, whatever their client id was chosen for; those without a client id get one.
//
// A change of State or AgentID raises the epoch by one unless fn has raised it. An illegal change of state gives an
// error of kind [errs.Conflict], an unknown conversation one of kind [errs.NotFound].
func (l *Log) Decide(ctx context.Context, ws, conversation uuid.UUID, fn Decision) ([]Message, error) {
	return l.DecideNext(ctx, ws, func(pgx.Tx) (uuid.UUID, error) { return conversation, nil }, fn)
}

// DecideNext is [Log.Decide] for a conversation that pick chooses in the same transaction. What pick locks is locked
// before the conversation, which is the order for agents. If pick returns the zero id, nothing happens.
func (l *Log) DecideNext(
	ctx context.Context, ws uuid.UUID, pick func(tx pgx.Tx) (uuid.UUID, error), fn Decision,
) (stored []Message, err error) {
	// What pick finds may change before the conversation is locked: a claim that met no open handoff, and an assigner
	// that holds the one made since, then wait for each other. PostgreSQL ends one of them, which decides anew.
	for range attempts {
		if stored, err = l.decideOnce(ctx, ws, pick, fn); !deadlocked(err) {
			break
		}
	}
	return stored, err
}

// attempts is how often a decision is tried that a deadlock ends.
const attempts = 3

// deadlocked reports whether PostgreSQL ended the transaction because two waited for each other.
func deadlocked(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "40P01"
}

func (l *Log) decideOnce(
	ctx context.Context, ws uuid.UUID, pick func(tx pgx.Tx) (uuid.UUID, error), fn Decision,
) ([]Message, error) {
	d := newDraft(l.db.Vault())
	var stored []Message
	err := l.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		id, err := pick(tx)
		if err != nil || id == uuid.Nil {
			return err
		}
		stored, err = d.decide(ctx, tx, key{ws, id}, fn)
		return err
	})
	if err != nil {
		return nil, busy(err)
	}
	l.committed(d)
	return stored, nil
}

// decide locks the conversation, asks fn, and writes the result.
func (d *draft) decide(ctx context.Context, tx pgx.Tx, k key, fn Decision) ([]Message, error) {
	var lock pgx.Batch
	d.queueLock(&lock, []key{k}, waitForLock)
	if err := tx.SendBatch(ctx, &lock).Close(); err != nil {
		return nil, fmt.Errorf("lock the conversation: %w", err)
	}
	c := d.conversations[k]
	if c == nil {
		return nil, notFound()
	}
	if err := d.unlock(ctx, tx); err != nil {
		return nil, err
	}
	if err := d.turnPage(c); err != nil {
		return nil, err
	}
	entries, err := fn(tx, &c.after)
	if err != nil {
		return nil, err
	}
	if err := c.settle(d.now); err != nil {
		return nil, err
	}
	return d.appendAll(ctx, tx, k, entries)
}

// appendAll stores the entries of a decision.
func (d *draft) appendAll(ctx context.Context, tx pgx.Tx, k key, entries []Entry) ([]Message, error) {
	if len(entries) == 0 {
		return nil, d.save(ctx, tx)
	}
	keys := make([]entryKey, len(entries))
	for i := range entries {
		e := &entries[i]
		if e.ClientID == uuid.Nil {
			e.ClientID = uuid.New()
		}
		if err := check(e); err != nil {
			return nil, err
		}
		e.Epoch = -1
		keys[i] = keyOf(k, *e)
	}
	var lookup pgx.Batch
	d.queueLookup(&lookup, keys)
	if err := tx.SendBatch(ctx, &lookup).Close(); err != nil {
		return nil, fmt.Errorf("look for stored entries: %w", err)
	}
	if err := d.openStored(); err != nil {
		return nil, err
	}
	stored := make([]Message, len(entries))
	for i, e := range entries {
		var err error
		if stored[i], err = d.append(k, e); err != nil {
			return nil, err
		}
	}
	return stored, d.save(ctx, tx)
}

// settle completes what a decision changed, or refuses it.
func (c *change) settle(now time.Time) error {
	a, b := &c.after, &c.before
	if err := move(b.State, a.State); err != nil {
		return err
	}
	if (a.State == StateHuman) != (a.AgentID != 0) {
		return fmt.Errorf("state %q with agent %d: exactly a conversation with a person has an agent", a.State, a.AgentID)
	}
	if (a.State != b.State || a.AgentID != b.AgentID) && a.Epoch == b.Epoch {
		a.Epoch++
	}
	switch {
	case a.State == StateClosed && b.State != StateClosed:
		a.ClosedAt = &now
	case a.State != StateClosed && b.State == StateClosed:
		a.ClosedAt, a.CSAT = nil, 0
	}
	if a.State != StateBot {
		a.TurnDue = 0
	}
	return nil
}

// Appended reports whether a decision's entry is stored already, so that a repeated request can be answered like the
// first. It is for use inside a [Decision].
func Appended(ctx context.Context, tx pgx.Tx, c *Conversation, s Sender, clientID uuid.UUID) (bool, error) {
	d := newDraft(nil)
	var b pgx.Batch
	d.queueLookup(&b, []entryKey{{key{c.Workspace, c.ID}, clientID, s.Kind, s.ID}})
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return false, fmt.Errorf("look for a stored entry: %w", err)
	}
	return len(d.stored) > 0, nil
}
