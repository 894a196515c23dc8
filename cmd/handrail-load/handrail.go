package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"handrail/internal/auth"
)

// product is `handrail serve` as a target. With two nodes, visitors are on the first and agents on the second.
type product struct {
	w     *world
	nodes []*process
	seqs  []int64
}

func (p *product) agents() *process { return p.nodes[len(p.nodes)-1] }

func (p *product) visitor(ctx context.Context, i int) (*websocket.Conn, error) {
	t := p.w.talks[i]
	ticket, err := p.w.auth.Ticket(ctx, p.w.workspace, auth.Subject{Contact: t.contact, Widget: p.w.widget, Lang: "en"})
	if err != nil {
		return nil, err
	}
	ws, err := dial(ctx, p.nodes[0].addr, "/ws/visitor", ticket)
	if err != nil {
		return nil, err
	}
	return ws, greet(ws, t.id, p.seqs[i])
}

// staff connects an agent who watches nothing yet.
func (p *product) staff(ctx context.Context, agent int) (*websocket.Conn, error) {
	ticket, err := p.w.auth.Ticket(ctx, p.w.workspace, auth.Subject{User: p.w.agents[agent]})
	if err != nil {
		return nil, err
	}
	ws, err := dial(ctx, p.agents().addr, "/ws/agent", ticket)
	if err != nil {
		return nil, err
	}
	return ws, greet(ws, uuid.Nil, 0)
}

func (p *product) agent(ctx context.Context, agent int) (*websocket.Conn, error) {
	ws, err := p.staff(ctx, agent)
	if err != nil {
		return nil, err
	}
	for i := agent * perAgent; i < (agent+1)*perAgent; i++ {
		if err := ws.WriteMessage(websocket.TextMessage, p.watch(i)); err != nil {
			return nil, err
		}
		if err := expect(ws, "state"); err != nil {
			return nil, err
		}
	}
	return ws, nil
}

// watch is the frame by which an agent asks for a conversation.
func (p *product) watch(i int) []byte {
	return fmt.Appendf(nil, `{"t":"watch","conversation":"%s","cursor":%d}`, p.w.talks[i].id, p.seqs[i])
}

func (p *product) ledgers(ctx context.Context) ([]*ledger, error) {
	list := make([]*ledger, len(p.w.talks))
	p.seqs = make([]int64, len(list))
	for i, t := range p.w.talks {
		err := p.w.owner.QueryRow(ctx, `SELECT last_seq FROM conversations WHERE id = $1`, t.id).Scan(&p.seqs[i])
		if err != nil {
			return nil, err
		}
		list[i] = &ledger{id: t.id, base: p.seqs[i], cursor: p.seqs[i]}
	}
	return list, nil
}
