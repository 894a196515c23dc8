package faults_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/client"
	"handrail/internal/faults"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// plot is a conversation of three entries, and a ledger that agrees with it until a test plants a defect.
type plot struct {
	t            *testing.T
	db           *postgres.DB
	ledger       *faults.Ledger
	conversation string
	ids          []string
}

func newPlot(t *testing.T) *plot {
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	log := chat.NewLog(db, nil, chat.Config{})
	log.Start(context.WithoutCancel(t.Context()))
	t.Cleanup(log.Stop)
	contact, err := log.CreateContact(t.Context(), ws, chat.Contact{Lang: "en"}, []byte("token"))
	require.NoError(t, err)
	c, err := log.StartConversation(t.Context(), ws, chat.NewConversation{Contact: contact.ID, Lang: "en"})
	require.NoError(t, err)
	p := &plot{t: t, db: db, ledger: faults.NewLedger(), conversation: c.ID.String()}
	for range 3 {
		id := uuid.New()
		p.ledger.Sent("ada", "hello", func() string { return id.String() })
		m, err := log.Append(t.Context(), ws, c.ID, chat.Entry{ClientID: id, Body: "hello", Epoch: -1,
			Sender: chat.Sender{Kind: chat.Visitor, ID: contact.ID.String()}})
		require.NoError(t, err)
		p.ids = append(p.ids, id.String())
		p.ledger.Acked(client.Ack{Conversation: p.conversation, ClientID: id.String(), Seq: m.Seq})
	}
	return p
}

// show shows the entry with a number under the client id of another.
func (p *plot) show(seq int64, of int, body string) {
	p.ledger.Shown("ada", client.Entry{Conversation: p.conversation, Seq: seq, ClientID: p.ids[of], Kind: "text", Body: body})
}

func (p *plot) exec(sql string, args ...any) {
	require.NoError(p.t, p.db.InSystemTx(p.t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(p.t.Context(), sql, args...)
		return err
	}))
}

func TestLedgerFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		defect func(*plot)
		want   string // part of a problem; "" = none
	}{
		{"nothing", func(p *plot) { p.show(1, 0, "hello"); p.show(2, 1, "hello"); p.show(3, 2, "hello") }, ""},
		{"lagging", func(p *plot) { p.show(1, 0, "hello") }, "has shown 1 of the 3 entries"},
		{"lost", func(p *plot) { p.exec(`DELETE FROM messages WHERE seq = 3`) }, "is not stored there"},
		{"renumbered", func(p *plot) { p.exec(`UPDATE messages SET seq = 9 WHERE seq = 3`) }, "has entry 9 where 3 is due"},
		{"miscounted", func(p *plot) { p.exec(`UPDATE conversations SET last_seq = 4`) }, "has 3 entries and last_seq 4"},
		{"shown twice", func(p *plot) { p.show(1, 0, "hello"); p.show(1, 0, "hello") }, "shows entry 1"},
		{"skipped", func(p *plot) { p.show(1, 0, "hello"); p.show(3, 2, "hello") }, "shows entry 3"},
		{"out of order", func(p *plot) { p.show(1, 1, "hello") }, "stored is text"},
		{"garbled", func(p *plot) { p.show(1, 0, "hell") }, `shows "hell"`},
		{"invented", func(p *plot) {
			for i := range 4 {
				p.show(int64(i+1), min(i, 2), "hello")
			}
		}, "which is not stored"},
		{"acknowledged differently", func(p *plot) {
			p.ledger.Acked(client.Ack{Conversation: p.conversation, ClientID: p.ids[0], Seq: 2})
		}, "was acknowledged as 1 and as 2"},
		{"never sent", func(p *plot) { p.ledger.Acked(client.Ack{ClientID: "x", Seq: 1}) }, "which nobody sent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlot(t)
			tt.defect(p)
			complete := map[string]string{}
			if tt.name == "nothing" || tt.name == "lagging" {
				complete["ada"] = p.conversation
			}
			problems, err := p.ledger.Check(t.Context(), p.db, complete)
			require.NoError(t, err)
			if tt.want == "" {
				require.Empty(t, problems)
				return
			}
			require.NotEmpty(t, problems)
			require.Contains(t, problems[0]+" "+problems[len(problems)-1], tt.want)
		})
	}
}
