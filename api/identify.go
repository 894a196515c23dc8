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

// contact returns the visitor of a session and the token by which their browser is known. Who the browser holds a token
// of is that contact; whom the site has signed for is the person's own contact, in every browser.
func (s *Server) contact(ctx context.Context, workspace uuid.UUID, in sessionRequest) (string, chat.Contact, error) {
	known, err := s.knownContact(ctx, workspace, in.ContactToken)
	if err != nil {
		return "", chat.Contact{}, err
	}
	if in.Identity != "" {
		return s.signedContact(ctx, workspace, in, known)
	}
	c := described(known, in)
	if known.ID == uuid.Nil {
		token, hash := auth.NewSecret("hrc_")
		c, err = s.c.Log.CreateContact(ctx, workspace, c, hash)
		return token, c, err
	}
	if !same(c, known) {
		err = s.c.Log.UpdateContact(ctx, workspace, c)
	}
	return in.ContactToken, c, err
}

// knownContact returns whom the token belongs to; the zero contact if nobody, or somebody of another workspace.
func (s *Server) knownContact(ctx context.Context, workspace uuid.UUID, token string) (chat.Contact, error) {
	if token == "" {
		return chat.Contact{}, nil
	}
	ws, known, err := s.c.Log.ContactByToken(ctx, auth.HashSecret(token))
	if errs.Is(err, errs.NotFound) || err == nil && ws != workspace {
		return chat.Contact{}, nil
	}
	return known, err
}

// signedContact returns the contact of the person whom the site vouches for. The browser keeps its token if that is
// theirs already, and gets one of its own otherwise.
func (s *Server) signedContact(
	ctx context.Context, workspace uuid.UUID, in sessionRequest, known chat.Contact,
) (string, chat.Contact, error) {
	id, err := s.c.Auth.Identity(ctx, workspace, in.Identity)
	if err != nil {
		return "", chat.Contact{}, err
	}
	c := described(chat.Contact{ID: known.ID}, sessionRequest{Lang: in.Lang, Timezone: in.Timezone,
		Traits: &traits{Name: id.Name, Email: id.Email}})
	if len(id.Attributes) > maxAttributes {
		return "", chat.Contact{}, errs.New(errs.TooLarge, "the attributes of the identity have more than %d bytes", maxAttributes)
	}
	c.Phone, c.Attributes = known.Phone, id.Attributes
	found, err := s.c.Log.Identify(ctx, workspace, id.Sub, c)
	if err != nil || found.ID == known.ID {
		return in.ContactToken, found, err
	}
	token, hash := auth.NewSecret("hrc_")
	return token, found, s.c.Log.AddContactToken(ctx, workspace, found.ID, hash)
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
