package api

import (
	"math"

	"github.com/google/uuid"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// edit changes or removes a message of the visitor's own.
func (v *visitorConn) edit(in inbound) error {
	if v.current == uuid.Nil {
		return errs.New(errs.Invalid, "there is no conversation: send hello first")
	}
	m, err := v.server.c.Log.Edit(v.ctx, v.ws, v.current, chat.Edit{ClientID: in.ClientID, Sender: v.sender(), Seq: in.Seq,
		Body: in.Body, Removed: in.Removed, Epoch: -1})
	if err != nil {
		return err
	}
	v.socket.put(acknowledgement(in.ClientID, m.Seq, v.current))
	return nil
}

// file sends what the visitor has uploaded.
func (v *visitorConn) file(in inbound) error {
	id, err := v.conversation()
	if err != nil {
		return err
	}
	m, err := v.server.c.Log.SendFile(v.ctx, v.ws, id, in.Attachment, chat.Entry{
		ClientID: in.ClientID, Sender: v.sender(), Body: in.Body, Epoch: -1})
	if err != nil {
		return err
	}
	v.socket.put(acknowledgement(in.ClientID, m.Seq, id))
	return nil
}

// seen notes how far the visitor has read.
func (v *visitorConn) seen(in inbound) error {
	if v.room != nil {
		v.room.read(v.watcher, v.sender(), in.Seq)
	}
	return nil
}

// epoch is the one under which the agent may write. When they are not in charge any more it is one that no conversation
// reaches: the log still finds what was stored before, by its client_id, and refuses anything new.
func (a *agentConn) epoch(id uuid.UUID) (int, error) {
	c, err := a.mine(id)
	if errs.Is(err, errs.Conflict) {
		return math.MaxInt32, nil
	}
	return c.Epoch, err
}

// edit changes or removes a message of the agent's own.
func (a *agentConn) edit(in inbound) error {
	epoch, err := a.epoch(in.Conversation)
	if err != nil {
		return err
	}
	m, err := a.server.c.Log.Edit(a.ctx, a.me.Workspace, in.Conversation, chat.Edit{ClientID: in.ClientID, Sender: a.sender(),
		Seq: in.Seq, Body: in.Body, Removed: in.Removed, Epoch: epoch})
	if err != nil {
		return err
	}
	a.socket.put(acknowledgement(in.ClientID, m.Seq, in.Conversation))
	return nil
}

// file sends what the agent has uploaded.
func (a *agentConn) file(in inbound) error {
	epoch, err := a.epoch(in.Conversation)
	if err != nil {
		return err
	}
	m, err := a.server.c.Log.SendFile(a.ctx, a.me.Workspace, in.Conversation, in.Attachment, chat.Entry{
		ClientID: in.ClientID, Sender: a.sender(), Body: in.Body, Epoch: epoch})
	if err != nil {
		return err
	}
	a.socket.put(acknowledgement(in.ClientID, m.Seq, in.Conversation))
	return nil
}

// seen notes how far staff have read a watched conversation.
func (a *agentConn) seen(in inbound) error {
	if w, ok := a.watched[in.Conversation]; ok {
		w.room.read(w.watcher, a.sender(), in.Seq)
	}
	return nil
}
