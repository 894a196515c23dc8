package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// installContacts adds what is known about visitors, and how they are forgotten.
func (s *Server) installContacts(api huma.API) {
	route(s, api, "GET", "/api/v1/contacts/{id}", auth.ReadConversations, "Read a contact", s.getContact)
	route(s, api, "GET", "/api/v1/contacts/{id}/export", auth.ManageUsers, "Export all that is stored of a contact", s.exportContact)
	route(s, api, "POST", "/api/v1/contacts/{id}/erase", auth.ManageUsers, "Erase a contact by destroying the key", s.eraseContact)
}

type contactInput struct {
	ID uuid.UUID `path:"id"`
}

type contactView struct {
	ID            uuid.UUID          `json:"id"`
	Name          string             `json:"name"`
	Email         string             `json:"email"`
	Phone         string             `json:"phone"`
	Verified      bool               `json:"verified" doc:"the site has signed who this is"`
	Attributes    json.RawMessage    `json:"attributes,omitempty"`
	Lang          string             `json:"lang"`
	Timezone      string             `json:"timezone"`
	Erased        bool               `json:"erased"`
	Conversations []conversationView `json:"conversations" doc:"those that the caller may read, the latest first"`
}

func contactOf(c chat.Contact) contactView {
	return contactView{ID: c.ID, Name: c.Name, Email: c.Email, Phone: c.Phone, Verified: c.Verified, Attributes: c.Attributes,
		Lang: c.Lang, Timezone: c.Timezone, Erased: c.Erased, Conversations: []conversationView{}}
}

type contactOutput struct{ Body contactView }

// getContact shows an agent only the contacts of conversations that they may read.
func (s *Server) getContact(ctx context.Context, in *contactInput) (*contactOutput, error) {
	p := who(ctx)
	list, err := s.c.Log.ConversationsOf(ctx, p.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	shown := []conversationView{}
	for _, c := range list {
		_, err := s.readable(ctx, p, c.ID)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		shown = append(shown, conversationOf(c))
	}
	if p.Role == auth.Agent && len(shown) == 0 {
		return nil, errs.New(errs.NotFound, "there is no such contact")
	}
	c, err := s.c.Log.Contact(ctx, p.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &contactOutput{Body: contactOf(c)}
	out.Body.Conversations = shown
	return out, nil
}

func (s *Server) eraseContact(ctx context.Context, in *contactInput) (*struct{}, error) {
	p := who(ctx)
	return nil, s.c.Log.EraseContact(ctx, p.Workspace, in.ID, p.Actor(), s.c.Evals.Forget, s.c.Curator.Forget)
}

type exportedConversation struct {
	ID        uuid.UUID     `json:"id"`
	Channel   string        `json:"channel"`
	PageURL   string        `json:"page_url"`
	CreatedAt time.Time     `json:"created_at"`
	Messages  []messageView `json:"messages"`
}

type exportOutput struct {
	Body struct {
		Contact       contactView            `json:"contact"`
		Conversations []exportedConversation `json:"conversations" doc:"the oldest first"`
	}
}

func (s *Server) exportContact(ctx context.Context, in *contactInput) (*exportOutput, error) {
	p := who(ctx)
	x, err := s.c.Log.ExportContact(ctx, p.Workspace, in.ID, p.Actor())
	if err != nil {
		return nil, err
	}
	out := &exportOutput{}
	out.Body.Contact, out.Body.Conversations = contactOf(x.Contact), []exportedConversation{}
	for _, c := range x.Conversations {
		e := exportedConversation{ID: c.ID, Channel: c.Channel, PageURL: c.PageURL, CreatedAt: c.CreatedAt, Messages: []messageView{}}
		for _, m := range c.Messages {
			e.Messages = append(e.Messages, viewOf(m))
		}
		out.Body.Conversations = append(out.Body.Conversations, e)
		out.Body.Contact.Conversations = append(out.Body.Contact.Conversations, conversationOf(c.Conversation))
	}
	return out, nil
}
