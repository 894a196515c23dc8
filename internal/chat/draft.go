package chat

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/seal"
)

// lockMode says what to do about a conversation that someone else has locked.
type lockMode string

const (
	skipLocked lockMode = "SKIP LOCKED"
	// waitForLock relies on the order of ids, the same in every transaction, against deadlocks.
	waitForLock lockMode = ""
)

// entryKey is what makes a repeated send recognisable.
type entryKey struct {
	key
	client uuid.UUID
	kind   SenderKind
	sender string
}

// draft is the work of one transaction: locked conversations, what is stored already, and what is new.
type draft struct {
	now           time.Time // the database's clock, read under the locks so that times do not decrease
	conversations map[key]*change
	stored        map[entryKey]Message
	fresh         []freshMessage
	vault         *seal.Vault
	keys          map[seal.Owner]*seal.Key // of the contacts of the conversations; none of those who were erased
}

// change is a locked conversation before and after.
type change struct {
	before, after Conversation
	page          []byte // the page, sealed
}

// freshMessage is a message to be inserted.
type freshMessage struct {
	workspace uuid.UUID
	Message
}

func newDraft(v *seal.Vault) *draft {
	return &draft{conversations: map[key]*change{}, stored: map[entryKey]Message{}, vault: v}
}

// queueLoad locks the conversations of a batch, then looks for entries that are stored already. Each statement has its
// own snapshot, so the look-up sees what the locks waited for.
func (d *draft) queueLoad(b *pgx.Batch, batch []*request, mode lockMode) {
	entries := make([]entryKey, len(batch))
	seen := map[key]bool{}
	var keys []key
	for i, r := range batch {
		entries[i] = keyOf(r.key, r.entry)
		if !seen[r.key] {
			seen[r.key] = true
			keys = append(keys, r.key)
		}
	}
	// The plans do not depend on how many conversations a batch holds. Left to itself, PostgreSQL would take one that it
	// makes anew each time for cheaper, and spend most of its time on that.
	b.Queue(`SET LOCAL plan_cache_mode = force_generic_plan`)
	d.queueLock(b, keys, mode)
	d.queueLookup(b, entries)
}

func keyOf(k key, e Entry) entryKey {
	return entryKey{key: k, client: e.ClientID, kind: e.Sender.Kind, sender: e.Sender.ID}
}

// append gives an entry its place in a locked conversation, or finds the place it has.
func (d *draft) append(k key, e Entry) (Message, error) {
	c := d.conversations[k]
	if c == nil {
		return Message{}, notFound()
	}
	if c.after.Erased || d.keys[c.owner()] == nil {
		return Message{}, seal.Gone()
	}
	if m, ok := d.stored[keyOf(k, e)]; ok {
		if m.Body != e.Body || m.Kind != e.Kind {
			return Message{}, errs.New(errs.Conflict, "this client_id was used for another message: choose a new one")
		}
		return m, nil
	}
	if e.Epoch >= 0 && e.Epoch != c.after.Epoch {
		return Message{}, errs.New(errs.Conflict, "someone else has taken over this conversation")
	}
	m := c.after.admit(e, d.now)
	d.stored[keyOf(k, e)] = m
	d.fresh = append(d.fresh, freshMessage{k.workspace, m})
	return m, nil
}

// admit numbers an entry and moves the conversation accordingly.
func (c *Conversation) admit(e Entry, now time.Time) Message {
	c.LastSeq++
	c.UpdatedAt = now
	if e.Sender.Kind == Visitor && (e.Kind == KindText || e.Kind == KindFile) {
		c.hear(e.Body != "")
	}
	return Message{Conversation: c.ID, Seq: c.LastSeq, ClientID: e.ClientID, Sender: e.Sender, Kind: e.Kind,
		Body: e.Body, Data: e.Data, Epoch: c.Epoch, At: now}
}

// hear is what a visitor's message does: it wakes a closed conversation, and with words the bot if that is in charge. A
// file alone says nothing to the bot.
func (c *Conversation) hear(words bool) {
	if c.State == StateClosed {
		c.State, c.ClosedAt, c.CSAT = StateBot, nil, 0
		c.Epoch++
	}
	if c.State == StateBot && words {
		c.TurnDue = c.LastSeq
	}
}

// changes lists what the world should hear about.
func (d *draft) changes() []changed {
	var list []changed
	for _, c := range d.conversations {
		desk := c.after.State != c.before.State || c.after.AgentID != c.before.AgentID
		if desk || c.after.LastSeq != c.before.LastSeq {
			turn := c.after.TurnDue > c.before.TurnDue || c.after.TurnDue != 0 && c.after.Epoch != c.before.Epoch
			list = append(list, changed{Conversation: c.after, turn: turn, desk: desk, from: c.before.AgentID})
		}
	}
	return list
}
