package api

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/chat/media"
	"handrail/internal/errs"
)

const (
	maxContactName  = 100     // characters
	maxContactEmail = 254     // characters (RFC 5321)
	maxAttributes   = 8 << 10 // bytes
)

// traits are what a page says about its visitor without a signature. Nothing is granted for them.
type traits struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// claimView is what the visitor's own page may know of them.
type claimView struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Verified bool   `json:"verified"`
}

// visit returns the visitor of a session and the token by which their browser is known. Who the browser holds a token of
// is that contact; whom the site has signed for is the person's own contact, in every browser.
func (s *Server) visit(ctx context.Context, workspace uuid.UUID, in sessionRequest) (string, chat.Visit, error) {
	known, err := s.known(ctx, workspace, in.ContactToken)
	if err != nil {
		return "", chat.Visit{}, err
	}
	if in.Identity != "" {
		return s.signed(ctx, workspace, in, known)
	}
	c := described(known.Contact, in)
	if c.ID == uuid.Nil {
		token, hash := auth.NewSecret("hrc_")
		c, err = s.c.Log.CreateContact(ctx, workspace, c, hash)
		return token, chat.Visit{Workspace: workspace, Contact: c}, err
	}
	if !same(c, known.Contact) {
		err = s.c.Log.UpdateContact(ctx, workspace, c)
	}
	known.Contact = c
	return in.ContactToken, known, err
}

// known returns whom the token belongs to; the zero visit if nobody, or somebody of another workspace.
func (s *Server) known(ctx context.Context, workspace uuid.UUID, token string) (chat.Visit, error) {
	if token == "" {
		return chat.Visit{}, nil
	}
	v, err := s.c.Log.Visit(ctx, auth.HashSecret(token))
	if errs.Is(err, errs.NotFound) || err == nil && v.Workspace != workspace {
		return chat.Visit{}, nil
	}
	return v, err
}

// signed returns the contact of the person whom the site vouches for. The browser keeps its token if that is theirs
// already, and gets one of its own otherwise.
func (s *Server) signed(
	ctx context.Context, workspace uuid.UUID, in sessionRequest, known chat.Visit,
) (string, chat.Visit, error) {
	id, err := s.c.Auth.Identity(ctx, workspace, in.Identity)
	if err != nil {
		return "", chat.Visit{}, err
	}
	c := described(chat.Contact{ID: known.Contact.ID}, sessionRequest{Lang: in.Lang, Timezone: in.Timezone,
		Traits: &traits{Name: id.Name, Email: id.Email}})
	if len(id.Attributes) > maxAttributes {
		return "", chat.Visit{}, errs.New(errs.TooLarge, "the attributes of the identity have more than %d bytes", maxAttributes)
	}
	c.Phone, c.Attributes = known.Contact.Phone, id.Attributes
	found, err := s.c.Log.Identify(ctx, workspace, id.Sub, c)
	if err != nil {
		return "", chat.Visit{}, err
	}
	if found.ID == known.Contact.ID {
		known.Contact = found
		return in.ContactToken, known, nil
	}
	token, hash := auth.NewSecret("hrc_")
	if err := s.c.Log.AddContactToken(ctx, workspace, found.ID, hash); err != nil {
		return "", chat.Visit{}, err
	}
	v, err := s.c.Log.Visit(ctx, hash)
	return token, v, err
}

// described returns the contact with what a session says about them. What the site has signed is not overwritten by
// claims.
func described(c chat.Contact, in sessionRequest) chat.Contact {
	if c.Lang == "" || in.Lang != "" {
		c.Lang = language(in.Lang)
	}
	if zoneName.MatchString(in.Timezone) {
		c.Timezone = in.Timezone
	}
	if in.Traits == nil || c.Verified {
		return c
	}
	if name := shortened(media.Clean(in.Traits.Name), maxContactName); name != "" {
		c.Name = name
	}
	if email := media.Clean(in.Traits.Email); strings.Contains(email, "@") && utf8.RuneCountInString(email) <= maxContactEmail {
		c.Email = email
	}
	return c
}

// zoneName is what names of time zones look like. Whether a zone exists is for those to find out who use it.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+/-]{0,63}$`)

func same(a, b chat.Contact) bool {
	return a.Name == b.Name && a.Email == b.Email && a.Lang == b.Lang && a.Timezone == b.Timezone
}

func shortened(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}
