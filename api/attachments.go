package api

import (
	"context"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

const (
	defaultAttachmentBytes = 10 << 20
	attachmentMemory       = 256 << 10 // of one upload; the rest waits on disk
	attachmentTime         = 2 * time.Minute
	pruneEvery             = time.Hour
	unsentLife             = 24 * time.Hour // of a file that was uploaded and never sent
)

// attachmentView is a file as clients see it; the data of an entry of kind file has the same fields.
type attachmentView struct {
	Attachment uuid.UUID `json:"attachment"`
	Name       string    `json:"name"`
	MediaType  string    `json:"media_type"`
	Size       int64     `json:"size"`
	Width      int       `json:"width,omitempty"`
	Height     int       `json:"height,omitempty"`
}

// uploadAttachment takes a file that a member of staff wants to send.
func (s *Server) uploadAttachment(w http.ResponseWriter, r *http.Request) {
	p := who(r.Context())
	s.receive(w, r, p.Workspace, func(form *multipart.Form) (chat.Attachment, error) {
		if p.User == 0 {
			return chat.Attachment{}, errs.New(errs.Forbidden, "an API key has no place at the desk: sign in to send files")
		}
		id, err := conversationOfForm(form)
		if err != nil {
			return chat.Attachment{}, err
		}
		c, err := s.readable(r.Context(), p, id)
		return chat.Attachment{Contact: c.Contact, Conversation: c.ID, Sender: staffSender(p)}, err
	})
}

// uploadVisitorAttachment takes a file that a visitor wants to send, in a conversation or before there is one.
func (s *Server) uploadVisitorAttachment(w http.ResponseWriter, r *http.Request) {
	ws, contact, err := s.bearer(w, r)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	s.receive(w, r, ws, func(form *multipart.Form) (chat.Attachment, error) {
		a := chat.Attachment{Contact: contact.ID, Sender: chat.Sender{Kind: chat.Visitor, ID: contact.ID.String()}}
		if form.Value["conversation"] == nil {
			return a, nil
		}
		id, err := conversationOfForm(form)
		if err != nil {
			return chat.Attachment{}, err
		}
		c, err := s.c.Log.Conversation(r.Context(), ws, id)
		if err == nil && c.Contact != contact.ID {
			err = errs.New(errs.NotFound, "there is no conversation %s", id)
		}
		a.Conversation = id
		return a, err
	})
}

func staffSender(p auth.Principal) chat.Sender {
	return chat.Sender{Kind: chat.Agent, ID: strconv.FormatInt(p.User, 10)}
}

// bearer returns the visitor who holds the contact token of the request. The page must be one that may embed a widget of
// their workspace.
func (s *Server) bearer(w http.ResponseWriter, r *http.Request) (uuid.UUID, chat.Contact, error) {
	allowOrigin(w, r)
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return uuid.Nil, chat.Contact{}, errs.New(errs.Unauthenticated, "send the contact token as `Authorization: Bearer TOKEN`")
	}
	visit, err := s.c.Log.Visit(r.Context(), auth.HashSecret(token))
	if errs.Is(err, errs.NotFound) {
		return uuid.Nil, chat.Contact{}, errs.Wrap(err, errs.Unauthenticated, "the contact token is unknown: start a new session")
	}
	if err != nil {
		return uuid.Nil, chat.Contact{}, err
	}
	origins, err := s.c.Auth.Origins(r.Context(), visit.Workspace)
	if err == nil && !originAllowed(r, origins) {
		err = errs.New(errs.Forbidden, "this widget may not be used on %s", r.Header.Get("Origin"))
	}
	return visit.Workspace, visit.Contact, err
}

// receive stores the file of a form for whom place says, and answers with what it is.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, ws uuid.UUID,
	place func(*multipart.Form) (chat.Attachment, error),
) {
	a, err := s.storeUpload(w, r, ws, place)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	writeJSON(w, attachmentView{a.ID, a.Name, a.Type, a.Size, a.Width, a.Height})
}

func (s *Server) storeUpload(w http.ResponseWriter, r *http.Request, ws uuid.UUID,
	place func(*multipart.Form) (chat.Attachment, error),
) (a chat.Attachment, err error) {
	form, err := s.readForm(w, r)
	if err != nil {
		return a, err
	}
	defer func() { _ = form.RemoveAll() }()
	if len(form.File["file"]) != 1 {
		return a, errs.New(errs.Invalid, "send one file in the form field \"file\"")
	}
	if a, err = place(form); err != nil {
		return a, err
	}
	header := form.File["file"][0]
	if header.Size > s.c.AttachmentBytes {
		return a, s.tooLarge(nil)
	}
	file, err := header.Open()
	if err != nil {
		return a, err
	}
	defer file.Close()
	a.Name = header.Filename
	return s.c.Log.Attach(r.Context(), ws, a, file, header.Size)
}

// readForm reads a form with one file. Beyond a little memory it waits on disk, in a file that goes with the request.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) (*multipart.Form, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(attachmentTime))
	r.Body = http.MaxBytesReader(w, r.Body, s.c.AttachmentBytes+64<<10)
	err := r.ParseMultipartForm(attachmentMemory)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return r.MultipartForm, nil
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		return nil, s.tooLarge(err)
	}
	return nil, errs.Wrap(err, errs.Invalid, "the body is not a complete multipart form: %v", err)
}

func (s *Server) tooLarge(cause error) error {
	return errs.Wrap(cause, errs.TooLarge, "the file is larger than %d MB: send a smaller one", s.c.AttachmentBytes>>20)
}

func conversationOfForm(form *multipart.Form) (uuid.UUID, error) {
	values := form.Value["conversation"]
	if len(values) != 1 {
		return uuid.Nil, errs.New(errs.Invalid, "the form field \"conversation\" must name one conversation")
	}
	id, err := uuid.Parse(values[0])
	if err != nil {
		return uuid.Nil, errs.Wrap(err, errs.Invalid, "the form field \"conversation\" is not the id of a conversation")
	}
	return id, nil
}

// downloadAttachment gives a file to staff who may read its conversation.
func (s *Server) downloadAttachment(w http.ResponseWriter, r *http.Request) {
	p := who(r.Context())
	s.deliverFile(w, r, p.Workspace, func(a chat.Attachment) bool {
		if a.Seq == 0 {
			return p.User != 0 && a.Sender == staffSender(p)
		}
		_, err := s.readable(r.Context(), p, a.Conversation)
		return err == nil
	})
}

// downloadVisitorAttachment gives a file to the visitor in whose conversation it was sent, or who uploaded it.
func (s *Server) downloadVisitorAttachment(w http.ResponseWriter, r *http.Request) {
	ws, contact, err := s.bearer(w, r)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	s.deliverFile(w, r, ws, func(a chat.Attachment) bool {
		return a.Contact == contact.ID && (a.Seq != 0 || a.Sender.Kind == chat.Visitor)
	})
}

// deliverFile sends the file of the path if the reader may have it. Any other is answered as if it did not exist.
func (s *Server) deliverFile(w http.ResponseWriter, r *http.Request, ws uuid.UUID, may func(chat.Attachment) bool) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		s.writeProblem(w, r, errs.New(errs.NotFound, "there is no such file"))
		return
	}
	a, err := s.c.Log.Attachment(r.Context(), ws, id)
	if err == nil && !may(a) {
		err = errs.New(errs.NotFound, "there is no file %s", id)
	}
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Content-Length", strconv.FormatInt(a.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-store")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(attachmentTime))
	if err := s.c.Log.ReadAttachment(r.Context(), ws, a, w); err != nil {
		s.logFailure(r.Context(), err)
		panic(http.ErrAbortHandler) // the file must not look complete
	}
}

// pruneAttachments removes what was uploaded and never sent, until the hub stops.
func (h *Hub) pruneAttachments() {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := h.c.Log.PruneAttachments(h.ctx, unsentLife); err != nil && !errors.Is(err, context.Canceled) {
			h.warn("cannot remove files that were never sent", err)
		}
	}
}
