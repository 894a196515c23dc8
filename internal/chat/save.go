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

// columns are the columns of conversations c that scanConversation reads.
const columns = `c.workspace_id, c.id, c.contact_id, c.state, c.lang, c.channel, c.page_url, c.last_seq, c.epoch,
	coalesce(c.agent_id, 0), c.turn_due, c.priority, c.csat, c.created_at, c.updated_at, c.closed_at`

func scanConversation(row pgx.CollectableRow) (c Conversation, err error) {
	err = row.Scan(c.fields()...)
	return c, err
}

// fields are the targets for columns.
func (c *Conversation) fields() []any {
	return []any{&c.Workspace, &c.ID, &c.Contact, &c.State, &c.Lang, &c.Channel, &c.PageURL, &c.LastSeq, &c.Epoch,
		&c.AgentID, &c.TurnDue, &c.Priority, &c.CSAT, &c.CreatedAt, &c.UpdatedAt, &c.ClosedAt}
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
		SELECT `+columns+`
		FROM unnest($1::uuid[], $2::uuid[]) AS k (workspace_id, id)
		CROSS JOIN LATERAL (
			SELECT * FROM conversations c WHERE c.workspace_id = k.workspace_id AND c.id = k.id
			FOR UPDATE `+string(mode)+`) c`, workspaces, ids).
		Query(func(rows pgx.Rows) error {
			list, err := pgx.CollectRows(rows, scanConversation)
			for _, c := range list {
				d.conversations[key{c.Workspace, c.ID}] = &change{before: c, after: c}
			}
			return err
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
	d.queueConversations(&b)
	d.queueMessages(&b)
	d.queueTurns(&b)
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("write entries: %w", err)
	}
	return nil
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

func (d *draft) queueMessages(b *pgx.Batch) {
	n := len(d.fresh)
	if n == 0 {
		return
	}
	var workspace, conversation, client uuids
	seq, epoch := make([]int64, n), make([]int, n)
	senderKind, senderID, senderName := make([]string, n), make([]string, n), make([]string, n)
	kind, body, data := make([]string, n), make([]string, n), make([]*string, n)
	for i, m := range d.fresh {
		workspace.add(m.workspace)
		conversation.add(m.Conversation)
		client.add(m.ClientID)
		seq[i], epoch[i], kind[i], body[i] = m.Seq, m.Epoch, string(m.Kind), m.Body
		senderKind[i], senderID[i], senderName[i] = string(m.Sender.Kind), m.Sender.ID, m.Sender.Name
		if m.Data != nil {
			text := string(m.Data)
			data[i] = &text
		}
	}
	b.Queue(`
		INSERT INTO messages (workspace_id, conversation_id, seq, client_id, sender_kind, sender_id, sender_name,
		                      kind, body, data, epoch, at)
		SELECT n.workspace_id, n.conversation_id, n.seq, n.client_id, n.sender_kind, n.sender_id, n.sender_name,
		       n.kind, n.body, n.data::json, n.epoch, $12
		FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[],
		            $8::text[], $9::text[], $10::text[], $11::int[])
		     AS n (workspace_id, conversation_id, seq, client_id, sender_kind, sender_id, sender_name,
		           kind, body, data, epoch)`,
		workspace, conversation, seq, client, senderKind, senderID, senderName, kind, body, data, epoch, d.now)
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
