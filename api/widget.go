package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

// WidgetSettings are the texts that visitors see around the chat, by language.
type WidgetSettings struct {
	Title       map[string]string
	Greeting    map[string]string
	Disclosure  map[string]string // says that an AI answers
	Suggestions map[string][]string
}

type sessionRequest struct {
	Key          string `json:"key"`
	ContactToken string `json:"contact_token"`
	Lang         string `json:"lang"`
	PageURL      string `json:"page_url"`
	Timezone     string `json:"timezone"`

	Identity string  `json:"identity"` // signed by the site; see auth.ParseIdentity
	Traits   *traits `json:"traits"`   // not signed by anybody
}

type sessionResponse struct {
	ContactToken string         `json:"contact_token"`
	Ticket       string         `json:"ticket"`
	WSPath       string         `json:"ws_path"`
	Conversation *uuid.UUID     `json:"conversation,omitempty"`
	Settings     settingsOutput `json:"settings"`
	Contact      claimView      `json:"contact"`
}

type settingsOutput struct {
	Title       string   `json:"title"`
	Greeting    string   `json:"greeting"`
	Disclosure  string   `json:"disclosure"`
	Suggestions []string `json:"suggestions"`
	Lang        string   `json:"lang"`
	Languages   []string `json:"languages"`
}

// widgetSession lets a visitor in: it finds or makes their contact and gives out a ticket for the socket.
func (s *Server) widgetSession(w http.ResponseWriter, r *http.Request) {
	out, err := s.openSession(w, r)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	writeJSON(w, out)
}

func (s *Server) openSession(w http.ResponseWriter, r *http.Request) (sessionResponse, error) {
	var in sessionRequest
	if err := readJSON(w, r, &in); err != nil {
		return sessionResponse{}, err
	}
	where, err := s.c.Auth.Widget(r.Context(), in.Key)
	if err != nil {
		return sessionResponse{}, err
	}
	allowOrigin(w, r) // also for a refusal: its text says what to do, and the page's owner should see it
	if !originAllowed(r, where.Origins) {
		s.c.Logger.Warn("a page of a foreign origin asked for a widget", "origin", r.Header.Get("Origin"), "widget", in.Key)
		return sessionResponse{}, errs.New(errs.Forbidden, "this widget may not be used on %s: add the origin to the widget", r.Header.Get("Origin"))
	}
	token, visit, err := s.visit(r.Context(), where.Workspace, in)
	if err != nil {
		return sessionResponse{}, err
	}
	lang := language(in.Lang)
	ticket, err := s.c.Auth.Ticket(r.Context(), where.Workspace, auth.Subject{Contact: visit.Contact.ID, Widget: in.Key, Lang: lang, PageURL: in.PageURL})
	if err != nil {
		return sessionResponse{}, err
	}
	out := sessionResponse{ContactToken: token, Ticket: ticket, WSPath: "/ws/visitor", Settings: s.settings(lang),
		Contact: claimView{visit.Contact.Name, visit.Contact.Email, visit.Contact.Verified}}
	if visit.Conversation != uuid.Nil {
		out.Conversation = &visit.Conversation
	}
	return out, nil
}

// language keeps the languages that the server speaks.
func language(tag string) string {
	if strings.HasPrefix(strings.ToLower(tag), "zh") {
		return "zh"
	}
	return "en"
}

func (s *Server) settings(lang string) settingsOutput {
	t := s.c.Settings
	return settingsOutput{Title: t.Title[lang], Greeting: t.Greeting[lang], Disclosure: t.Disclosure[lang],
		Suggestions: append([]string{}, t.Suggestions[lang]...), Lang: lang, Languages: []string{"en", "zh"}}
}

// widgetPreflight answers a browser's question before the real request. Which origins may go on is decided there,
// where the widget's key is known; no credentials are involved.
func (s *Server) widgetPreflight(w http.ResponseWriter, r *http.Request) {
	allowOrigin(w, r)
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

func allowOrigin(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Vary", "Origin")
	}
}

// originAllowed reports whether the page that sent the request may: it is this server's own page, or its origin is on
// the list exactly. Programs that are not browsers send no origin; they hold a ticket or a key instead.
func originAllowed(r *http.Request, origins []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}
