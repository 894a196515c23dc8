package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"handrail/internal/errs"
)

const (
	maxPollBytes  = 512 << 10 // of one request
	maxPollFrames = 100       // in one request
)

type pollRequest struct {
	Ticket  string            `json:"ticket"`
	Session string            `json:"session"`
	Got     *int64            `json:"got"`
	Frames  []json.RawMessage `json:"frames"`
	WaitS   float64           `json:"wait_s"`
}

type pollResponse struct {
	Session string            `json:"session"`
	Frames  []json.RawMessage `json:"frames"`
	UpTo    int64             `json:"up_to"`
}

// widgetPoll is the socket of a visitor whose network lets none through: it carries out the frames in the request and
// answers with those that wait, or as soon as there is one.
func (s *Server) widgetPoll(w http.ResponseWriter, r *http.Request) {
	allowOrigin(w, r)
	out, err := s.poll(w, r)
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	writeJSON(w, out)
}

func (s *Server) poll(w http.ResponseWriter, r *http.Request) (out pollResponse, err error) {
	in, err := readPoll(w, r)
	if err != nil {
		return out, err
	}
	if in.Session == "" {
		if in.Session, err = s.beginPoll(r, in.Ticket); err != nil {
			return out, err
		}
	}
	session, newer, err := s.polls.enter(in.Session)
	if err != nil {
		return out, err
	}
	defer s.polls.leave(session, newer)
	if !originAllowed(r, session.origins) {
		return out, errs.New(errs.Forbidden, "this widget may not be used on %s", r.Header.Get("Origin"))
	}
	if session.box.over() {
		return out, errs.New(errs.Unauthenticated, "this session has ended: take a new ticket and resume by your cursor")
	}
	session.carryOut(in)
	wait := min(maxPollWait, time.Duration(max(0, in.WaitS)*float64(time.Second)))
	frames, upTo := [][]byte(nil), session.box.confirmed()
	switch err := s.polls.wait(r.Context(), session, newer, wait); {
	case err == nil:
		frames, upTo = session.box.take()
	case !errors.Is(err, errSuperseded):
		return out, err
	}
	out = pollResponse{Session: in.Session, Frames: make([]json.RawMessage, len(frames)), UpTo: upTo}
	for i, f := range frames {
		out.Frames[i] = f
	}
	return out, nil
}

func readPoll(w http.ResponseWriter, r *http.Request) (in pollRequest, err error) {
	err = json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPollBytes)).Decode(&in)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return in, errs.Wrap(err, errs.TooLarge, "the body is larger than %d bytes: send fewer frames at a time", maxPollBytes)
	case err != nil:
		return in, errs.Wrap(err, errs.Invalid, "the body is not the JSON expected here")
	case len(in.Frames) > maxPollFrames:
		return in, errs.New(errs.TooLarge, "%d frames came at once, at most %d are allowed", len(in.Frames), maxPollFrames)
	}
	return in, nil
}

// beginPoll redeems a ticket as the upgrade to a WebSocket does.
func (s *Server) beginPoll(r *http.Request, ticket string) (string, error) {
	conn, origins, err := s.admitVisitor(r, ticket)
	if err != nil {
		return "", err
	}
	box := newMailbox()
	conn.socket = box
	return s.polls.begin(&pollSession{conn: conn, box: box, origins: origins, handle: s.visitorFrames(conn)})
}

// carryOut runs the frames of one poll, after those of the polls before.
func (p *pollSession) carryOut(in pollRequest) {
	p.frames.Lock()
	defer p.frames.Unlock()
	got := int64(-1)
	if in.Got != nil {
		got = max(0, *in.Got)
	}
	p.box.confirm(got)
	for _, data := range in.Frames {
		f, err := readFrame(data)
		if err != nil {
			p.box.put(frame(failure(f, err)))
			continue
		}
		p.handle(f)
	}
}
