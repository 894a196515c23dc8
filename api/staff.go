package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

// maxBody bounds the JSON that plain handlers read, in bytes.
const maxBody = 64 << 10

type meBody struct {
	ID    int64     `json:"id" doc:"0 for an API key"`
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Role  auth.Role `json:"role"`
}

type meOutput struct{ Body meBody }

func meOf(p auth.Principal) meBody {
	return meBody{ID: p.User, Name: p.Name, Email: p.Email, Role: p.Role}
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	return &meOutput{Body: meOf(who(ctx))}, nil
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	if err := readJSON(w, r, &in); err != nil {
		s.writeProblem(w, r, err)
		return
	}
	token, p, err := s.c.Auth.SignIn(r.Context(), s.c.Workspace, in.Email, in.Password)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	http.SetCookie(w, s.cookie(token, auth.SessionLife))
	writeJSON(w, meOf(p))
}

// cookie carries a session. SameSite=Strict keeps it out of requests that other sites cause.
func (s *Server) cookie(token string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(), Value: token, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true,
		Secure: s.c.SecureCookies, SameSite: http.SameSiteStrictMode}
}

type logoutInput struct {
	Cookie http.Cookie `cookie:"handrail"`
	Secure http.Cookie `cookie:"__Host-handrail"`
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) logout(ctx context.Context, in *logoutInput) (*logoutOutput, error) {
	for _, c := range []http.Cookie{in.Cookie, in.Secure} {
		if c.Value == "" {
			continue
		}
		if err := s.c.Auth.SignOut(ctx, c.Value); err != nil {
			return nil, err
		}
	}
	gone := s.cookie("", 0)
	gone.MaxAge = -1
	return &logoutOutput{SetCookie: *gone}, nil
}

type ticketOutput struct {
	Body struct {
		Ticket string `json:"ticket" doc:"offer it as the WebSocket subprotocol ticket.TICKET within a minute"`
	}
}

func (s *Server) agentTicket(ctx context.Context, _ *struct{}) (*ticketOutput, error) {
	p := who(ctx)
	if p.User == 0 {
		return nil, errs.New(errs.Forbidden, "an API key has no place at the desk: sign in as a member of staff")
	}
	ticket, err := s.c.Auth.Ticket(ctx, p.Workspace, auth.Subject{User: p.User})
	if err != nil {
		return nil, err
	}
	var out ticketOutput
	out.Body.Ticket = ticket
	return &out, nil
}

type userBody struct {
	ID       int64     `json:"id"`
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Role     auth.Role `json:"role" enum:"admin,agent,quality_inspector,knowledge_manager"`
	Disabled bool      `json:"disabled"`
}

type usersOutput struct {
	Body struct {
		Items []userBody `json:"items"`
	}
}

func (s *Server) listUsers(ctx context.Context, _ *struct{}) (*usersOutput, error) {
	users, err := s.c.Auth.Users(ctx, who(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := &usersOutput{}
	out.Body.Items = []userBody{}
	for _, u := range users {
		out.Body.Items = append(out.Body.Items, userBody{ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Disabled: u.Disabled})
	}
	return out, nil
}

type addUserInput struct {
	Body struct {
		Email    string    `json:"email"`
		Name     string    `json:"name"`
		Password string    `json:"password" doc:"at least 12 characters"`
		Role     auth.Role `json:"role" enum:"admin,agent,quality_inspector,knowledge_manager"`
	}
}

type userOutput struct{ Body userBody }

func (s *Server) addUser(ctx context.Context, in *addUserInput) (*userOutput, error) {
	p := who(ctx)
	u, err := s.c.Auth.AddUser(ctx, p.Workspace, p.Actor(), auth.NewUser{
		Email: in.Body.Email, Name: in.Body.Name, Password: in.Body.Password, Role: in.Body.Role})
	if err != nil {
		return nil, err
	}
	return &userOutput{Body: userBody{ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role}}, nil
}

type addKeyInput struct {
	Body struct {
		Name string    `json:"name" doc:"what uses the key"`
		Role auth.Role `json:"role" enum:"admin,agent,quality_inspector,knowledge_manager"`
	}
}

type keyOutput struct {
	Body struct {
		Key string `json:"key" doc:"shown once: it cannot be read again"`
	}
}

func (s *Server) addKey(ctx context.Context, in *addKeyInput) (*keyOutput, error) {
	p := who(ctx)
	key, err := s.c.Auth.AddKey(ctx, p.Workspace, p.Actor(), in.Body.Name, in.Body.Role)
	if err != nil {
		return nil, err
	}
	var out keyOutput
	out.Body.Key = key
	return &out, nil
}

// readJSON decodes a plain handler's request body; failures say what is wrong with it.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return errs.Wrap(err, errs.TooLarge, "the body is larger than %d bytes", maxBody)
	case errors.Is(err, io.EOF):
		return errs.Wrap(err, errs.Invalid, "the body is empty: send JSON")
	}
	return errs.Wrap(err, errs.Invalid, "the body is not the JSON expected here: %v", err)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client has gone if this fails
}
