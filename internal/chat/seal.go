package chat

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// messagePlace binds an entry to its conversation and number: moved elsewhere, it does not open.
func messagePlace(ws, contact, conversation uuid.UUID, seq int64) seal.Place {
	row := append(make([]byte, 0, 56), conversation.String()...)
	row = strconv.AppendInt(append(row, '/'), seq, 10)
	return seal.Place{Workspace: ws, Owner: contact, Column: "messages.sealed", Row: string(row)}
}

func pagePlace(c *Conversation) seal.Place {
	return seal.Place{Workspace: c.Workspace, Owner: c.Contact, Column: "conversations.sealed", Row: c.ID.String()}
}

func contactPlace(ws, contact uuid.UUID) seal.Place {
	return seal.Place{Workspace: ws, Owner: contact, Column: "contacts.sealed", Row: contact.String()}
}

// owner is whose key seals the entries of a conversation.
func (c *change) owner() seal.Owner {
	return seal.Owner{Workspace: c.before.Workspace, ID: c.before.Contact}
}

// unlock gets the keys of the contacts of all locked conversations, mostly from memory, and opens what is stored.
func (d *draft) unlock(ctx context.Context, tx pgx.Tx) (err error) {
	owners := make([]seal.Owner, 0, len(d.conversations))
	for _, c := range d.conversations {
		owners = append(owners, c.owner())
	}
	if d.keys, err = d.vault.Keys(ctx, tx, owners...); err != nil {
		return err
	}
	return d.openStored()
}

// openStored opens the entries that were found to be stored already.
func (d *draft) openStored() error {
	for k, m := range d.stored {
		c := d.conversations[k.key]
		if c == nil || m.sealed == nil {
			continue
		}
		if err := m.open(d.keys[c.owner()], k.workspace, c.before.Contact); err != nil {
			return err
		}
		d.stored[k] = m
	}
	return nil
}

// seal encrypts an entry once its number is known.
func (d *draft) seal(m freshMessage) ([]byte, error) {
	c := d.conversations[key{m.workspace, m.Conversation}]
	place := messagePlace(m.workspace, c.before.Contact, m.Conversation, m.Seq)
	return d.keys[c.owner()].Seal(place, []byte(m.Sender.Name), []byte(m.Body), m.Data)
}

// turnPage fills in the page of a conversation for a decision. The group commit does without it.
func (d *draft) turnPage(c *change) error {
	k := d.keys[c.owner()]
	if k == nil || c.before.Erased {
		return nil
	}
	fields, err := k.Open(pagePlace(&c.before), c.page)
	if err != nil {
		return err
	}
	c.before.PageURL = string(fields[0])
	c.after.PageURL = c.before.PageURL
	return nil
}

// open decrypts messages of any conversations of a workspace. They need the columns of scanMessage.
func open(ctx context.Context, tx pgx.Tx, v *seal.Vault, ws uuid.UUID, list []Message) error {
	owners := make([]seal.Owner, 0, len(list))
	for _, m := range list {
		owners = append(owners, seal.Owner{Workspace: ws, ID: m.contact})
	}
	keys, err := v.Keys(ctx, tx, owners...)
	if err != nil {
		return err
	}
	for i := range list {
		if err := list[i].open(keys[owners[i]], ws, list[i].contact); err != nil {
			return err
		}
	}
	return nil
}

// open fills in what was sealed. Without a key, or where the erasure is known already, it is an erased entry.
func (m *Message) open(k *seal.Key, ws, contact uuid.UUID) error {
	sealed := m.sealed
	m.sealed, m.contact = nil, uuid.Nil
	if k == nil || m.erased {
		m.erased, m.Kind = false, KindErased
		m.Sender.ID, m.ClientID = "", uuid.Nil
		return nil
	}
	place := messagePlace(ws, contact, m.Conversation, m.Seq)
	fields, err := k.Open(place, sealed)
	if err != nil {
		return err
	}
	if len(fields) != 3 {
		return fmt.Errorf("%s has %d fields", place, len(fields))
	}
	m.Sender.Name, m.Body, m.Data = string(fields[0]), string(fields[1]), fields[2]
	return nil
}
