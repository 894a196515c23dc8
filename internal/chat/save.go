package chat

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// columns are the columns of conversations c that fields reads. The page stands apart, sealed.
const columns = `c.workspace_id, c.id, c.contact_id, c.state, c.lang, c.channel, c.last_seq, c.epoch,
	coalesce(c.agent_id, 0), c.turn_due, c.priority, c.csat, c.created_at, c.updated_at, c.closed_at,
	c.erased_at IS NOT NULL`

// fields are the targets for columns.
func (c *Conversation) fields() []any {
	return []any{&c.Workspace, &c.ID, &c.Contact, &c.State, &c.Lang, &c.Channel, &c.LastSeq, &c.Epoch,
		&c.AgentID, &c.TurnDue, &c.Priority, &c.CSAT, &c.CreatedAt, &c.UpdatedAt, &c.ClosedAt, &c.Erased}
}

// The statements below look rows up one by one (LATERAL, without sequential scans) rather than leave the join to the
// planner. On a young database it would plan for tiny tables, and keep that plan while they grow by thousands of rows
// before their first ANALYZE.

// uuids is an array parameter. pgx would send a []uuid.UUID as text, by way of driver.Valuer, which costs most of the
// time that an append spends in this process.
type uuids []pgtype.UUID

func (u *uuids) add(id uuid.UUID) { *u = append(*u, pgtype.UUID{Bytes: id, Valid: true}) }

// queueLock locks conversations in the order of their ids and reads the clock. Unknown ones are left out.
func (d *draft) queueLock(b *pgx.Batch, keys []key, mode lockMode) {
	slices.SortFunc(keys, func(x, y key) int { return bytes.Compare(x.id[:], y.id[:]) })
	var workspaces, ids uuids
	for _, k := range keys {
		workspaces.add(k.workspace)
		ids.add(k.id)
	}
	b.Queue(`SET LOCAL enable_seqscan = off`)
	if mode == waitForLock {
		b.Queue(`SET LOCAL lock_timeout = '5s'`)
	}
	b.Queue(`
		SELECT `+columns+`, c.sealed
		FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, id)
		CROSS JOIN LATERAL (
			SELECT * FROM conversations c WHERE c.workspace_id = k.workspace_id AND c.id = k.id
			FOR NO KEY UPDATE `+string(mode)+`) c`, workspaces, ids).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				c := &change{}
				if err := rows.Scan(append(c.before.fields(), &c.page)...); err != nil {
					return err
				}
				c.after = c.before
				d.conversations[key{c.before.Workspace, c.before.ID}] = c
			}
			return rows.Err()
		})
	b.Queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&d.now) })
}

// queueLookup reads the entries that are stored already.
func (d *draft) queueLookup(b *pgx.Batch, entries []entryKey) {
	n := len(entries)
	var workspaces, ids, clients uuids
	kinds, senders := make([]string, n), make([]string, n)
	for i, e := range entries {
		workspaces.add(e.workspace)
		ids.add(e.id)
		clients.add(e.client)
		kinds[i], senders[i] = string(e.kind), e.sender
	}
	b.Queue(`
		SELECT m.workspace_id, `+messageColumns+`
		FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
		     AS k (workspace_id, conversation_id, client_id, sender_kind, sender_id)
		CROSS JOIN LATERAL (
			SELECT * FROM messages m
			WHERE m.workspace_id = k.workspace_id AND m.conversation_id = k.conversation_id
			      AND m.client_id = k.client_id AND m.sender_kind = k.sender_kind AND m.sender_id = k.sender_id
			LIMIT 1) m`,
		workspaces, ids, clients, kinds, senders).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var workspace uuid.UUID
				var m Message
				if err := rows.Scan(append([]any{&workspace}, m.fields()...)...); err != nil {
					return err
				}
				k := key{workspace, m.Conversation}
				d.stored[entryKey{k, m.ClientID, m.Sender.Kind, m.Sender.ID}] = m
			}
			return rows.Err()
		})
}

// save writes what has changed in one round trip.
func (d *draft) save(ctx context.Context, tx pgx.Tx) error {
	var b pgx.Batch
	if err := d.queueSave(&b); err != nil || b.Len() == 0 {
		return err
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("write entries: %w", err)
	}
	return nil
}

func (d *draft) queueSave(b *pgx.Batch) error {
	d.queueConversations(b)
	d.queueTurns(b)
	return d.queueMessages(b)
}

func (d *draft) queueConversations(b *pgx.Batch) {
	var r struct {
		workspace, id         uuids
		state, lang           []string
		lastSeq, agent, turn  []int64
		epoch, priority, csat []int
		closed                []*time.Time
	}
	for k, c := range d.conversations {
		a := c.after
		if a == c.before {
			continue
		}
		r.workspace.add(k.workspace)
		r.id.add(k.id)
		r.state, r.lang = append(r.state, string(a.State)), append(r.lang, a.Lang)
		r.lastSeq, r.agent, r.turn = append(r.lastSeq, a.LastSeq), append(r.agent, a.AgentID), append(r.turn, a.TurnDue)
		r.epoch, r.priority, r.csat = append(r.epoch, a.Epoch), append(r.priority, a.Priority), append(r.csat, a.CSAT)
		r.closed = append(r.closed, a.ClosedAt)
	}
	if len(r.id) == 0 {
		return
	}
	b.Queue(`
		UPDATE conversations c
		SET state = n.state, lang = n.lang, last_seq = n.last_seq, agent_id = nullif(n.agent_id, 0),
		    turn_due = n.turn_due, epoch = n.epoch, priority = n.priority, csat = n.csat, closed_at = n.closed_at,
		    updated_at = $12
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
		            $8::int[], $9::int[], $10::int[], $11::timestamptz[])
		     AS n (workspace_id, id, state, lang, last_seq, agent_id, turn_due, epoch, priority, csat, closed_at)
		CROSS JOIN LATERAL (
			SELECT ctid FROM conversations old WHERE old.workspace_id = n.workspace_id AND old.id = n.id LIMIT 1) old
		WHERE c.ctid = old.ctid`,
		r.workspace, r.id, r.state, r.lang, r.lastSeq, r.agent, r.turn, r.epoch, r.priority, r.csat, r.closed, d.now)
}

func (d *draft) queueMessages(b *pgx.Batch) (err error) {
	n := len(d.fresh)
	if n == 0 {
		return nil
	}
	var workspace, conversation, client uuids
	seq, epoch := make([]int64, n), make([]int, n)
	senderKind, senderID, kind, sealed := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
	for i, m := range d.fresh {
		workspace.add(m.workspace)
		conversation.add(m.Conversation)
		client.add(m.ClientID)
		seq[i], epoch[i], kind[i] = m.Seq, m.Epoch, string(m.Kind)
		senderKind[i], senderID[i] = string(m.Sender.Kind), m.Sender.ID
		if sealed[i], err = d.seal(m); err != nil {
			return err
		}
	}
	b.Queue(`
		INSERT INTO messages (workspace_id, conversation_id, seq, client_id, sender_kind, sender_id, kind, sealed, epoch, at)
		SELECT n.*, $10
		FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bytea[],
		            $9::int[]) AS n`,
		workspace, conversation, seq, client, senderKind, senderID, kind, sealed, epoch, d.now)
	return nil
}

// queueTurns keeps due_turns in step with turn_due.
func (d *draft) queueTurns(b *pgx.Batch) {
	var workspace, id uuids
	var seq []int64
	var epoch []int
	for k, c := range d.conversations {
		switch {
		case c.after.TurnDue == 0 && c.before.TurnDue != 0:
			b.Queue(`DELETE FROM due_turns WHERE workspace_id = $1 AND conversation_id = $2`, k.workspace, k.id)
		case c.after.TurnDue != 0 && (c.after.TurnDue != c.before.TurnDue || c.after.Epoch != c.before.Epoch):
			workspace.add(k.workspace)
			id.add(k.id)
			seq, epoch = append(seq, c.after.TurnDue), append(epoch, c.after.Epoch)
		}
	}
	if len(id) > 0 {
		// A newer message ends the lease on the older one: whoever works on that has outdated input. due_at stays, so
		// that a visitor who writes again keeps their place, and the indexed columns do not change.
		b.Queue(`
			INSERT INTO due_turns (workspace_id, conversation_id, seq, epoch, due_at)
			SELECT n.*, $5::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[]) AS n
			ON CONFLICT (workspace_id, conversation_id) DO UPDATE
			SET seq = excluded.seq, epoch = excluded.epoch, attempt = 0,
			    node = '', lease_until = '-infinity'`, workspace, id, seq, epoch, d.now)
	}
}
