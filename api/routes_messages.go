package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"

	"handrail/internal/auth"
)

// installMessages adds what carries messages beside the sockets: files, and polling in place of a socket. The widget's
// routes are public because a visitor holds a contact token and no key; the handlers check it.
func (s *Server) installMessages(r chi.Router) {
	uploads := r.With(httprate.LimitBy(120, time.Minute, clientIP))
	s.plain(uploads, "POST", "/api/v1/attachments", auth.WorkDesk, s.uploadAttachment)
	s.plain(r, "GET", "/api/v1/attachments/{id}", auth.ReadConversations, s.downloadAttachment)
	s.plain(uploads, "POST", "/api/v1/widget/attachments", auth.Public, s.uploadVisitorAttachment)
	s.plain(r, "GET", "/api/v1/widget/attachments/{id}", auth.Public, s.downloadVisitorAttachment)
	s.plain(r.With(httprate.LimitBy(6000, time.Minute, clientIP)), "POST", "/api/v1/widget/poll", auth.Public, s.widgetPoll)
	for _, path := range []string{"/api/v1/widget/attachments", "/api/v1/widget/attachments/{id}", "/api/v1/widget/poll"} {
		s.plain(r, "OPTIONS", path, auth.Public, s.widgetPreflight)
	}
	s.describeMessages()
}

// describeMessages documents routes whose bodies are not plain JSON.
func (s *Server) describeMessages() {
	form := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {
		Schema: &huma.Schema{Type: "object", Required: []string{"file"}, Properties: map[string]*huma.Schema{
			"file":         {Type: "string", Format: "binary"},
			"conversation": {Type: "string", Format: "uuid", Description: "Needed for staff."}}}}}}
	poll := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {
		Schema: &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{
			"ticket":  {Type: "string", Description: "Opens a session, once."},
			"session": {Type: "string", Description: "Of the answer before."},
			"got":     {Type: "integer", Description: "up_to of the last answer that arrived."},
			"frames":  {Type: "array", Items: &huma.Schema{Type: "object"}, Description: "As on the WebSocket."},
			"wait_s":  {Type: "number", Description: "At most 25."}}}}}}
	for _, d := range []struct {
		method, path, summary string
		body                  *huma.RequestBody
	}{
		{"POST", "/api/v1/attachments", "Upload a file to send it as an agent", form},
		{"GET", "/api/v1/attachments/{id}", "Download a file of a conversation", nil},
		{"POST", "/api/v1/widget/attachments", "Upload a file to send it as a visitor", form},
		{"GET", "/api/v1/widget/attachments/{id}", "Download a file of the visitor's own conversations", nil},
		{"POST", "/api/v1/widget/poll", "Exchange frames without a WebSocket", poll},
	} {
		op := &huma.Operation{OperationID: operationID(d.method, d.path), Method: d.method, Path: d.path, Summary: d.summary,
			RequestBody: d.body, Responses: map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK)}},
			Description: "See docs/protocol.md."}
		if d.method == http.MethodGet {
			op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string", Format: "uuid"}}}
		}
		s.openapi.AddOperation(op)
	}
}
