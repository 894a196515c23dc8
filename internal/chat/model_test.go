package chat_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// model is what a conversation should be, in the simplest terms.
type model struct {
	state     chat.State
	epoch     int
	turn      int64
	entries   []chat.Entry
	positions map[position]int
}

// position is what makes a repeated send recognisable.
type position struct {
	sender chat.SenderKind
	client uuid.UUID
}

// append is the specification of Log.Append.
func (m *model) append(e chat.Entry) (seq int64, kind errs.Kind) {
	if i, ok := m.positions[position{e.Sender.Kind, e.ClientID}]; ok {
		if m.entries[i].Body != e.Body {
			return 0, errs.Conflict
		}
		return int64(i + 1), ""
	}
	if e.Epoch >= 0 && e.Epoch != m.epoch {
		return 0, errs.Conflict
	}
	m.positions[position{e.Sender.Kind, e.ClientID}] = len(m.entries)
	m.entries = append(m.entries, e)
	seq = int64(len(m.entries))
	if e.Sender.Kind == chat.Visitor {
		if m.state == chat.StateClosed {
			m.state = chat.StateBot
			m.epoch++
		}
		if m.state == chat.StateBot {
			m.turn = seq
		}
	}
	return seq, ""
}

// become is the specification of a change of state.
func (m *model) become(s chat.State) bool {
	legal := map[[2]chat.State]bool{
		{chat.StateBot, chat.StateQueued}: true, {chat.StateBot, chat.StateClosed}: true,
		{chat.StateQueued, chat.StateBot}: true, {chat.StateQueued, chat.StateClosed}: true,
		{chat.StateClosed, chat.StateBot}: true,
	}
	if s == m.state {
		return true
	}
	if !legal[[2]chat.State{m.state, s}] {
		return false
	}
	m.state, m.turn = s, 0
	m.epoch++
	return true
}

func TestRandomHistoriesMatchTheModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := []*chat.Log{w.Log, w.node(w.open(), nil)}
	rapid.Check(t, func(rt *rapid.T) {
		c := w.conversation()
		m := model{state: chat.StateBot, positions: map[position]int{}}
		clients := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()}
		senders := []chat.Sender{{Kind: chat.Visitor, ID: "v"}, {Kind: chat.Bot}}
		(&history{w, m, c.ID, nodes, clients, senders}).run(t, rt)
	})
}

// history runs random operations on the log and the model side by side.
type history struct {
	*world
	model   model
	id      uuid.UUID
	nodes   []*chat.Log
	clients []uuid.UUID
	senders []chat.Sender
}

func (h *history) run(t *testing.T, rt *rapid.T) {
	rt.Repeat(map[string]func(*rapid.T){
		"append": func(rt *rapid.T) {
			e := chat.Entry{
				ClientID: rapid.SampledFrom(h.clients).Draw(rt, "client"),
				Body:     rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "body"),
				Epoch:    rapid.IntRange(-1, 3).Draw(rt, "epoch"),
				Sender:   rapid.SampledFrom(h.senders).Draw(rt, "sender"),
			}
			got, err := rapid.SampledFrom(h.nodes).Draw(rt, "node").Append(t.Context(), h.ws, h.id, e)
			seq, kind := h.model.append(e)
			require.Equal(rt, seq, got.Seq)
			if kind != "" {
				require.Equal(rt, kind, errs.KindOf(err))
			}
		},
		"become": func(rt *rapid.T) {
			s := rapid.SampledFrom([]chat.State{chat.StateBot, chat.StateQueued, chat.StateClosed}).Draw(rt, "state")
			require.Equal(rt, h.model.become(s), h.become(h.id, s, 0) == nil)
		},
		"answer": func(rt *rapid.T) {
			turn := chat.Turn{Workspace: h.ws, Conversation: h.id, Seq: rapid.Int64Range(1, 6).Draw(rt, "turn"),
				Epoch: rapid.IntRange(0, 3).Draw(rt, "epoch")}
			e := chat.Entry{ClientID: uuid.New(), Sender: chat.Sender{Kind: chat.Bot}, Body: "answer"}
			_, err := h.FinishTurn(t.Context(), turn, func(pgx.Tx, *chat.Conversation) ([]chat.Entry, error) {
				return []chat.Entry{e}, nil
			})
			due := turn.Seq == h.model.turn && turn.Epoch == h.model.epoch
			require.Equal(rt, due, err == nil)
			if due {
				h.model.turn = 0
				h.model.entries = append(h.model.entries, e)
			}
		},
		"": func(rt *rapid.T) { h.compare(t, rt) },
	})
}

// compare checks that the log holds what the model says.
func (h *history) compare(t *testing.T, rt *rapid.T) {
	c := h.get(h.id)
	require.Equal(rt, h.model.state, c.State)
	require.Equal(rt, h.model.epoch, c.Epoch)
	require.Equal(rt, h.model.turn, c.TurnDue)
	list := all(t, h.Log, h.ws, h.id)
	require.Len(rt, list, len(h.model.entries))
	for i, m := range list {
		require.EqualValues(rt, i+1, m.Seq)
		require.Equal(rt, h.model.entries[i].ClientID, m.ClientID)
		require.Equal(rt, h.model.entries[i].Body, m.Body)
	}
	var due int64
	h.exec(func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `
			SELECT coalesce(max(seq), 0) FROM due_turns WHERE conversation_id = $1`, h.id).Scan(&due)
	})
	require.Equal(rt, c.TurnDue, due, "the work list is in step")
}
