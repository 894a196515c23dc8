package faults

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"handrail/internal/postgres"
)

// stored is an entry as the database holds it. Its text is compared on the clients' screens: at rest it is sealed.
type stored struct {
	conversation, clientID, kind string
	seq                          int64
}

// Check compares the ledger with the database and returns every difference. complete names the views that must have
// shown everything; others may lag behind.
func (l *Ledger) Check(ctx context.Context, db *postgres.DB, complete map[string]string) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	conversations := map[string]bool{}
	for v := range l.shown {
		conversations[v.conversation] = true
	}
	for _, s := range l.sent {
		if s.ack != nil {
			conversations[s.ack.Conversation] = true
		}
	}
	var ids []string
	for id := range conversations {
		ids = append(ids, id)
	}
	logs, last, err := read(ctx, db, ids)
	if err != nil {
		return nil, err
	}
	l.checkStored(logs, last)
	l.checkAcked(logs)
	for v := range l.shown {
		l.checkShown(v, logs[v.conversation])
	}
	for who, conversation := range complete {
		if shown, all := len(l.shown[view{who, conversation}]), len(logs[conversation]); shown != all {
			l.problem("%s has shown %d of the %d entries of %s", who, shown, all, conversation)
		}
	}
	return l.problems, nil
}

// checkStored looks for gaps and repetitions.
func (l *Ledger) checkStored(logs map[string][]stored, last map[string]int64) {
	times := map[string]int{}
	for id, entries := range logs {
		for i, e := range entries {
			if e.seq != int64(i+1) {
				l.problem("%s has entry %d where %d is due", id, e.seq, i+1)
				break
			}
		}
		if last[id] != int64(len(entries)) {
			l.problem("%s has %d entries and last_seq %d", id, len(entries), last[id])
		}
		for _, e := range entries {
			if l.sent[e.clientID] != nil {
				times[e.clientID]++
			}
		}
	}
	for id, n := range times {
		if n > 1 {
			l.problem("%s is stored %d times", id, n)
		}
	}
}

// checkAcked looks for acknowledged messages that are not stored as was said.
func (l *Ledger) checkAcked(logs map[string][]stored) {
	for id, s := range l.sent {
		if s.ack == nil {
			continue
		}
		entries := logs[s.ack.Conversation]
		if s.ack.Seq < 1 || s.ack.Seq > int64(len(entries)) || entries[s.ack.Seq-1].clientID != id {
			l.problem("%s was acknowledged as entry %d of %s and is not stored there", id, s.ack.Seq, s.ack.Conversation)
		}
	}
}

// checkShown compares one screen with the log.
func (l *Ledger) checkShown(v view, log []stored) {
	for i, e := range l.shown[v] {
		switch {
		case i >= len(log):
			l.problem("%s has shown entry %d of %s, which is not stored", v.who, e.Seq, v.conversation)
		case e.Kind == "hidden": // a note between agents
		case e.ClientID != log[i].clientID || e.Kind != log[i].kind:
			l.problem("%s has shown %s %s as entry %d of %s, stored is %s %s", v.who, e.Kind, e.ClientID, e.Seq,
				v.conversation, log[i].kind, log[i].clientID)
		}
	}
}

// read loads the logs of conversations, in order, and their last numbers.
func read(ctx context.Context, db *postgres.DB, ids []string) (map[string][]stored, map[string]int64, error) {
	logs, last := map[string][]stored{}, map[string]int64{}
	err := db.InSystemTx(ctx, func(tx pgx.Tx) error {
		// The bot may be answering meanwhile: both looks must be at the same moment.
		if _, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT conversation_id::text, client_id::text, kind, seq FROM messages
			WHERE conversation_id = ANY($1::uuid[]) ORDER BY conversation_id, seq`, ids)
		if err != nil {
			return err
		}
		var e stored
		_, err = pgx.ForEachRow(rows, []any{&e.conversation, &e.clientID, &e.kind, &e.seq}, func() error {
			logs[e.conversation] = append(logs[e.conversation], e)
			return nil
		})
		if err != nil {
			return err
		}
		rows, err = tx.Query(ctx, `SELECT id::text, last_seq FROM conversations WHERE id = ANY($1::uuid[])`, ids)
		if err != nil {
			return err
		}
		var id string
		var seq int64
		_, err = pgx.ForEachRow(rows, []any{&id, &seq}, func() error {
			last[id] = seq
			return nil
		})
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the logs: %w", err)
	}
	return logs, last, nil
}
