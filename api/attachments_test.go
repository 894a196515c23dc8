package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/chat"
)

// attached is the answer to an upload.
type attached struct {
	Attachment    uuid.UUID
	Name          string
	MediaType     string `json:"media_type"`
	Size          int64
	Width, Height int
}

func picture(t *testing.T, side int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	_, _ = rand.NewChaCha8([32]byte{}).Read(m.Pix) // noise, which PNG cannot make smaller
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.String()
}

// attach uploads one file; fields are further form fields, name and value in turn.
func (s *system) attach(path string, login func(*http.Request), name, content string, fields ...string) (int, attached, string) {
	s.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for i := 0; i < len(fields); i += 2 {
		require.NoError(s.t, w.WriteField(fields[i], fields[i+1]))
	}
	part, err := w.CreateFormFile("file", name)
	require.NoError(s.t, err)
	_, err = io.WriteString(part, content)
	require.NoError(s.t, err)
	require.NoError(s.t, w.Close())
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+path, &form)
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	login(req)
	code, body, _ := s.fetch(req)
	var out attached
	if code == http.StatusOK {
		require.NoError(s.t, json.Unmarshal([]byte(body), &out))
	}
	return code, out, body
}

func (s *system) fetch(req *http.Request) (int, string, http.Header) {
	s.t.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res.StatusCode, string(body), res.Header
}

func (s *system) download(path string, login func(*http.Request)) (int, string, http.Header) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+path, nil)
	require.NoError(s.t, err)
	login(req)
	return s.fetch(req)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func nobody(*http.Request) {}

// cookie signs a member of staff in.
func (s *system) cookie(name string) func(*http.Request) {
	s.t.Helper()
	res, err := http.Post(s.url+"/api/v1/login", "application/json",
		strings.NewReader(`{"email":"`+strings.ToLower(name)+`@example.com","password":"a long password"}`))
	require.NoError(s.t, err)
	defer res.Body.Close()
	require.Equal(s.t, http.StatusOK, res.StatusCode)
	cookie := res.Cookies()[0]
	return func(r *http.Request) { r.AddCookie(cookie) }
}

const (
	visitorFiles = "/api/v1/widget/attachments"
	staffFiles   = "/api/v1/attachments"
)

func TestFilesBetweenVisitorAndAgent(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.agent("Ana")
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.send(map[string]any{"t": "status", "status": "online"})
	token, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})

	// A file of several chunks, uploaded before there is a conversation.
	content := picture(t, 400)
	require.Greater(t, len(content), 300<<10)
	code, file, body := s.attach(visitorFiles, bearer(token), `..\..\Käse .PNG`, content)
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, "image/png", file.MediaType)
	require.Equal(t, 400, file.Width)
	require.EqualValues(t, len(content), file.Size)
	require.NotContains(t, file.Name, "..")

	client := uuid.New()
	send := map[string]any{"t": "send", "client_id": client, "kind": "file", "attachment": file.Attachment, "body": "I want to talk to a human"}
	visitor.send(send)
	acked := visitor.await("the ack", ofType("ack"))
	entry := visitor.await("the file", message("file"))
	require.Equal(t, "I want to talk to a human", entry.Body)
	require.JSONEq(t, fmt.Sprintf(`{"attachment":%q,"name":%q,"media_type":"image/png","size":%d,"width":400,"height":400}`,
		file.Attachment, file.Name, file.Size), string(entry.Data))
	visitor.await("the bot heeds the words beside the file", message("handoff"))
	visitor.send(send)
	require.Equal(t, acked.Seq, visitor.await("the retry's ack", ofType("ack")).Seq)

	agent.await("the assignment", func(f received) bool { return f.T == "desk" && len(f.Mine) == 1 })
	login := s.cookie("Ana")
	code, got, header := s.download(staffFiles+"/"+file.Attachment.String(), login)
	require.Equal(t, http.StatusOK, code)
	require.True(t, got == content, "the very bytes")
	require.Equal(t, "image/png", header.Get("Content-Type"))
	require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	require.Contains(t, header.Get("Content-Security-Policy"), "sandbox")
	require.True(t, strings.HasPrefix(header.Get("Content-Disposition"), "attachment;"), header.Get("Content-Disposition"))

	conversation := acked.Conversation.String()
	code, reply, body := s.attach(staffFiles, login, "terms.pdf", "%PDF-1.7\n", "conversation", conversation)
	require.Equal(t, http.StatusOK, code, body)
	code, _, _ = s.download(visitorFiles+"/"+reply.Attachment.String(), bearer(token))
	require.Equal(t, http.StatusNotFound, code, "what the agent has not sent is not there for the visitor")
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "kind": "file", "attachment": reply.Attachment})
	sent := visitor.await("the agent's file", func(f received) bool { return f.Kind == "file" && f.Sender.Kind == "agent" })
	code, got, _ = s.download(visitorFiles+"/"+reply.Attachment.String(), bearer(token))
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "%PDF-1.7\n", got)

	agent.send(map[string]any{"t": "edit", "conversation": conversation, "client_id": uuid.New(), "seq": sent.Seq, "removed": true})
	visitor.await("the removal", message("edit"))
	code, _, _ = s.download(visitorFiles+"/"+reply.Attachment.String(), bearer(token))
	require.Equal(t, http.StatusNotFound, code, "a removed file is gone")
	require.EqualValues(t, 3, s.count(`SELECT count(*) FROM blobs`), "with its bytes; the picture stays")
}

// count runs a query for one number.
func (s *system) count(sql string, args ...any) (n int64) {
	s.t.Helper()
	require.NoError(s.t, s.db.InTx(s.t.Context(), s.workspace, func(tx pgx.Tx) error {
		return tx.QueryRow(s.t.Context(), sql, args...).Scan(&n)
	}))
	return n
}

func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	mine, ticket := s.session("")
	a := s.connect("/ws/visitor", ticket)
	a.send(map[string]any{"t": "hello"})
	_, file, _ := s.attach(visitorFiles, bearer(mine), "a.txt", "my secret")
	_, unsent, _ := s.attach(visitorFiles, bearer(mine), "b.txt", "a draft")
	a.send(map[string]any{"t": "send", "client_id": uuid.New(), "kind": "file", "attachment": file.Attachment, "body": ""})
	conversation := a.await("ack", ofType("ack")).Conversation
	s.agent("Ana")
	agent := s.cookie("Ana")

	theirs, ticket := s.session("")
	for name, login := range map[string]func(*http.Request){"another visitor": bearer(theirs), "an agent who may not read it": agent} {
		path := visitorFiles
		if name != "another visitor" {
			path = staffFiles
		}
		for _, id := range []string{file.Attachment.String(), unsent.Attachment.String(), uuid.NewString(), "..%2f", "x"} {
			code, body, _ := s.download(path+"/"+id, login)
			require.Equal(t, http.StatusNotFound, code, "%s %s: %s", name, id, body)
		}
	}
	code, _, _ := s.download(visitorFiles+"/"+file.Attachment.String(), nobody)
	require.Equal(t, http.StatusUnauthorized, code)
	code, _, _ = s.download(visitorFiles+"/"+file.Attachment.String(), bearer("hrc_forged"))
	require.Equal(t, http.StatusUnauthorized, code)
	code, _, _ = s.download(staffFiles+"/"+file.Attachment.String(), bearer(mine))
	require.Equal(t, http.StatusUnauthorized, code, "a contact token is no key")
	code, _, _ = s.download(staffFiles+"/"+unsent.Attachment.String(), bearer(s.key(auth.Admin)))
	require.Equal(t, http.StatusNotFound, code, "nobody reads what was not sent")
	code, _, _ = s.download(staffFiles+"/"+file.Attachment.String(), bearer(s.key(auth.Admin)))
	require.Equal(t, http.StatusOK, code)
	code, _, _ = s.download(staffFiles+"/"+file.Attachment.String(), bearer(s.key(auth.KnowledgeManager)))
	require.Equal(t, http.StatusForbidden, code)

	b := s.connect("/ws/visitor", ticket)
	b.send(map[string]any{"t": "hello"})
	for _, id := range []uuid.UUID{unsent.Attachment, file.Attachment, uuid.New(), uuid.Nil} {
		b.send(map[string]any{"t": "send", "client_id": uuid.New(), "kind": "file", "attachment": id})
		require.Equal(t, "not_found", b.await("refusal", ofType("error")).Code)
	}
	a.send(map[string]any{"t": "send", "client_id": uuid.New(), "kind": "file", "attachment": file.Attachment})
	require.Equal(t, "conflict", a.await("refusal", ofType("error")).Code, "a file is sent once")

	code, _, body := s.attach(visitorFiles, bearer(theirs), "a.txt", "x", "conversation", conversation.String())
	require.Equal(t, http.StatusNotFound, code, body)
	code, _, body = s.attach(staffFiles, agent, "a.txt", "x", "conversation", conversation.String())
	require.Equal(t, http.StatusNotFound, code, body)
	code, _, _ = s.attach(staffFiles, bearer(s.key(auth.Admin)), "a.txt", "x", "conversation", conversation.String())
	require.Equal(t, http.StatusForbidden, code, "a key has no place at the desk")
	code, _, _ = s.attach(visitorFiles, func(r *http.Request) {
		bearer(mine)(r)
		r.Header.Set("Origin", "https://evil.example")
	}, "a.txt", "x")
	require.Equal(t, http.StatusForbidden, code)
}

func TestUploadsAreHeldToTheirLimits(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, _ := s.session("")
	for name, want := range map[string]int{
		"<svg onload=alert(1)>":                 http.StatusUnsupportedMediaType,
		"<!doctype html><script>":               http.StatusUnsupportedMediaType,
		"MZ\x90\x00" + string(make([]byte, 99)): http.StatusUnsupportedMediaType,
		"":                                      http.StatusUnprocessableEntity,
		"GIF89a<script>alert(1)</script>":       http.StatusUnprocessableEntity,
		string(bytes.Repeat([]byte("a"), 10<<20+1)): http.StatusRequestEntityTooLarge,
		string(bytes.Repeat([]byte("a"), 30<<20)):   http.StatusRequestEntityTooLarge,
		string(bytes.Repeat([]byte("a"), 10<<20)):   http.StatusOK,
	} {
		code, _, body := s.attach(visitorFiles, bearer(token), "photo.png", name)
		require.Equal(t, want, code, "%.20q: %.200s", name, body)
	}
	code, _, body := s.attach(visitorFiles, bearer(token), "a.txt", "x", "conversation", "nonsense")
	require.Equal(t, http.StatusUnprocessableEntity, code, body)

	quota := 0
	for range 60 {
		code, _, _ := s.attach(visitorFiles, bearer(token), "a.txt", "x")
		if code == http.StatusTooManyRequests {
			break
		}
		quota++
	}
	require.Equal(t, 59, quota, "the hour's quota counts the stored files alone")

	n, err := s.log.PruneAttachments(t.Context(), time.Hour)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = s.log.PruneAttachments(t.Context(), 0)
	require.NoError(t, err)
	require.EqualValues(t, 60, n, "what was never sent goes")
	require.Zero(t, s.count(`SELECT count(*) FROM blobs`))
}

func TestAFileAloneWaitsForWords(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, ticket := s.session("")
	v := s.connect("/ws/visitor", ticket)
	v.send(map[string]any{"t": "hello"})
	_, file, _ := s.attach(visitorFiles, bearer(token), "a.txt", "x")
	v.send(map[string]any{"t": "send", "client_id": uuid.New(), "kind": "file", "attachment": file.Attachment})
	c, err := s.log.Conversation(t.Context(), s.workspace, v.await("ack", ofType("ack")).Conversation)
	require.NoError(t, err)
	require.Equal(t, chat.StateBot, c.State)
	require.Zero(t, c.TurnDue)
}
