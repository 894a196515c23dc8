package api_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
)

// fill adds texts to a conversation, in any order, and returns the number of the last.
func (s *system) fill(conversation uuid.UUID, n int) int64 {
	s.t.Helper()
	var senders sync.WaitGroup
	for range n {
		senders.Go(func() {
			_, err := s.log.Append(s.t.Context(), s.workspace, conversation, chat.Entry{ClientID: uuid.New(),
				Sender: chat.Sender{Kind: chat.Visitor, ID: "v"}, Body: "more", Epoch: -1})
			assert.NoError(s.t, err)
		})
	}
	senders.Wait()
	c, err := s.log.Conversation(s.t.Context(), s.workspace, conversation)
	require.NoError(s.t, err)
	return c.LastSeq
}

func TestEditsOverSockets(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.agent("Ana")
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.send(map[string]any{"t": "status", "status": "online"})
	_, ticket = s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	conversation := visitor.await("ack", ofType("ack")).Conversation
	visitor.await("the agent", message("assigned"))
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "order 12"})
	sent := visitor.await("ack", ofType("ack"))
	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})

	key := uuid.New()
	edit := map[string]any{"t": "edit", "client_id": key, "seq": sent.Seq, "body": "order 21"}
	visitor.send(edit)
	acked := visitor.await("the edit's ack", func(f received) bool { return f.T == "ack" && f.ClientID == key })
	seen := agent.await("the edit", message("edit"))
	require.Equal(t, acked.Seq, seen.Seq)
	require.Equal(t, "order 21", seen.Body)
	require.JSONEq(t, fmt.Sprintf(`{"seq":%d}`, sent.Seq), string(seen.Data))
	visitor.send(edit)
	require.Equal(t, acked.Seq, visitor.await("the retry's ack", ofType("ack")).Seq)

	refused := func(c *client, code string, frame map[string]any) {
		t.Helper()
		frame["t"], frame["client_id"], frame["conversation"] = "edit", uuid.New(), conversation
		c.send(frame)
		require.Equal(t, code, c.await("refusal", ofType("error")).Code)
	}
	refused(agent, "forbidden", map[string]any{"seq": sent.Seq, "body": "forged"})
	refused(agent, "not_found", map[string]any{"seq": 4711, "body": "x"})
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "between us", "kind": "note"})
	note := agent.await("the note", message("note"))
	refused(agent, "conflict", map[string]any{"seq": note.Seq, "body": "the visitor would see this"})
	refused(visitor, "forbidden", map[string]any{"seq": note.Seq, "body": "x"})
	require.NoError(t, s.db.InTx(t.Context(), s.workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE messages SET at = at - interval '16 minutes' WHERE seq = $1`, sent.Seq)
		return err
	}))
	refused(visitor, "conflict", map[string]any{"seq": sent.Seq, "body": "too late"})

	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "Hello."})
	reply := visitor.await("the reply", func(f received) bool { return f.Body == "Hello." })
	agent.send(map[string]any{"t": "return", "conversation": conversation, "client_id": uuid.New()})
	visitor.await("the return", message("returned"))
	refused(agent, "conflict", map[string]any{"seq": reply.Seq, "body": "not in charge any more"})
}

func TestReadMarks(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.agent("Ana")
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.send(map[string]any{"t": "status", "status": "online"})
	token, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	conversation := visitor.await("ack", ofType("ack")).Conversation
	assigned := visitor.await("the agent", message("assigned"))
	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})
	last := agent.await("the last entry", message("assigned"))

	visitor.send(map[string]any{"t": "read", "seq": assigned.Seq})
	mark := agent.await("the visitor's mark", ofType("read"))
	require.Equal(t, assigned.Seq, mark.Seq)
	require.Equal(t, "visitor", mark.Sender.Kind)
	require.Equal(t, conversation, mark.Conversation)
	visitor.send(map[string]any{"t": "read", "seq": 1})
	visitor.send(map[string]any{"t": "read", "seq": -9})
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "more"})
	agent.await("the next message, and no mark that goes back", func(f received) bool {
		require.NotEqual(t, "read", f.T)
		return f.Body == "more"
	})
	agent.send(map[string]any{"t": "read", "conversation": conversation, "seq": 1 << 40})
	mark = visitor.await("the agent's mark", ofType("read"))
	require.Equal(t, last.Seq+1, mark.Seq, "nobody has read what does not exist")
	require.Equal(t, "Ana", mark.Sender.Name)

	require.Eventually(t, func() bool {
		m, err := s.log.ReadMarks(t.Context(), s.workspace, conversation)
		return err == nil && m.Staff == mark.Seq && m.Visitor == assigned.Seq
	}, 10*time.Second, 50*time.Millisecond, "the marks are stored")
	_, ticket = s.session(token)
	again := s.connect("/ws/visitor", ticket)
	again.send(map[string]any{"t": "hello"})
	require.Equal(t, mark.Seq, again.await("welcome", ofType("welcome")).Read)
	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": last.Seq})
	agent.await("the mark with the state", func(f received) bool { return f.T == "state" && f.Read == assigned.Seq })
}

// TestOddMessages sends what no person types, by both doors: it is stored as it came or refused, and breaks nothing.
func TestOddMessages(t *testing.T) {
	t.Parallel()
	s := start(t)
	type door struct {
		name string
		send func(raw string) received
	}
	doors := []door{}
	_, ticket := s.session("")
	c := s.connect("/ws/visitor", ticket)
	c.send(map[string]any{"t": "hello"})
	answer := func(f received) bool { return f.T == "ack" || f.T == "error" }
	doors = append(doors, door{"socket", func(raw string) received {
		require.NoError(t, c.ws.WriteMessage(websocket.TextMessage, []byte(raw)))
		return c.await("an answer", answer)
	}})
	_, ticket = s.session("")
	p := s.poller(ticket)
	p.exchange(0, map[string]any{"t": "hello"})
	doors = append(doors, door{"poll", func(raw string) received {
		body := []byte(`{"session":"` + p.session + `","frames":[` + raw + `],"wait_s":0}`)
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/widget/poll", bytes.NewReader(body))
		require.NoError(t, err)
		code, b, _ := s.fetch(req)
		require.Less(t, code, 500, b)
		if code >= 400 {
			return received{T: "error", Code: "invalid"}
		}
		var out polled
		require.NoError(t, json.Unmarshal([]byte(b), &out))
		p.frames = append(p.frames, out.Frames...)
		return p.await("an answer", answer)
	}})
	text := func(body string) string {
		return fmt.Sprintf(`{"t":"send","client_id":%q,"body":"%s"}`, uuid.New(), body)
	}
	const tags = "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"
	for name, tt := range map[string]struct{ raw, stored string }{ // stored "" = refused
		"a word":                   {text("hello"), "hello"},
		"the limit":                {text(strings.Repeat("字", 8000)), strings.Repeat("字", 8000)},
		"beyond the limit":         {text(strings.Repeat("字", 8001)), ""},
		"beyond the limit, emoji":  {text(strings.Repeat("😀", 8001)), ""},
		"nothing":                  {text(""), ""},
		"spaces":                   {text(` \n\t　`), ""},
		"a NUL":                    {text(`a\u0000b`), ""},
		"a raw NUL":                {text("a\x00b"), ""},
		"invalid UTF-8":            {text("a\xff\xfeb"), ""},
		"a cut character":          {text("a\xe5\xad"), ""},
		"an overlong slash":        {text("\xc0\xaf"), ""},
		"a surrogate in UTF-8":     {text("\xed\xa0\x80"), ""},
		"a lone surrogate":         {text(`a\ud800b`), "a\ufffdb"},
		"two surrogates":           {text(`\ud83d\ude00`), "😀"},
		"a turned direction":       {text("abc\u202egpj.exe"), "abc\u202egpj.exe"},
		"a flag of tags":           {text(tags), tags},
		"markup":                   {text(`<img src=x onerror=alert(1)>**b**`), "<img src=x onerror=alert(1)>**b**"},
		"a number as body":         {`{"t":"send","client_id":"` + uuid.NewString() + `","body":7}`, ""},
		"a list as body":           {`{"t":"send","client_id":"` + uuid.NewString() + `","body":["x"]}`, ""},
		"null as body":             {`{"t":"send","client_id":"` + uuid.NewString() + `","body":null}`, ""},
		"the body twice":           {`{"t":"send","client_id":"` + uuid.NewString() + `","body":"one","body":"two"}`, "two"},
		"no client_id":             {`{"t":"send","body":"x"}`, ""},
		"a client_id of nothing":   {`{"t":"send","client_id":"` + uuid.Nil.String() + `","body":"x"}`, ""},
		"a client_id of nonsense":  {`{"t":"send","client_id":"x","body":"x"}`, ""},
		"a number beyond numbers":  {`{"t":"hello","cursor":1e999}`, ""},
		"a fraction":               {`{"t":"edit","client_id":"` + uuid.NewString() + `","seq":1.5}`, ""},
		"20k deep":                 {`{"t":"send","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, ""},
		"6k keys":                  {`{` + strings.Repeat(`"a":1,`, 6000) + `"t":"nothing"}`, ""},
		"a list":                   {`[1]`, ""},
		"a text":                   {`"hello"`, ""},
		"no operation":             {`{}`, ""},
		"an operation of staff":    {`{"t":"claim"}`, ""},
		"another kind":             {`{"t":"send","client_id":"` + uuid.NewString() + `","kind":"note","body":"x"}`, "x"},
		"a file without a file":    {`{"t":"send","client_id":"` + uuid.NewString() + `","kind":"file","body":"x"}`, ""},
		"an edit without its seq":  {`{"t":"edit","client_id":"` + uuid.NewString() + `","body":"x"}`, ""},
		"a removal of nothing":     {`{"t":"edit","client_id":"` + uuid.NewString() + `","seq":99999,"removed":true}`, ""},
		"an edit without its uuid": {`{"t":"edit","seq":1,"body":"x"}`, ""},
	} {
		for _, d := range doors {
			f := d.send(tt.raw)
			if tt.stored == "" {
				require.Equal(t, "error", f.T, "%s by %s", name, d.name)
				require.NotContains(t, []string{"internal", "unavailable"}, f.Code, "%s by %s: %s", name, d.name, f.Message)
				continue
			}
			require.Equal(t, "ack", f.T, "%s by %s: %s", name, d.name, f.Message)
			list, err := s.log.Read(t.Context(), s.workspace, f.Conversation, f.Seq-1, 1)
			require.NoError(t, err)
			require.Equal(t, tt.stored, list[0].Body, "%s by %s", name, d.name)
			require.Equal(t, "text", string(list[0].Kind), "%s by %s", name, d.name)
		}
	}
}

// signed makes the token by which a site says who its visitor is.
func signed(secret string, claims map[string]any) string {
	body, _ := json.Marshal(claims)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

type sessionOut struct {
	ContactToken string `json:"contact_token"`
	Ticket       string
	Conversation uuid.UUID
	Contact      struct {
		Name, Email string
		Verified    bool
	}
}

func (s *system) identified(fields map[string]any) (int, sessionOut, string) {
	s.t.Helper()
	fields["key"] = s.widget
	code, body := s.do("POST", "/api/v1/widget/session", "", fields)
	var out sessionOut
	if code == http.StatusOK {
		require.NoError(s.t, json.Unmarshal(body, &out))
	}
	return code, out, string(body)
}

func TestSignedIdentity(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, secret, err := s.auth.AddIdentitySecret(t.Context(), s.workspace, "test")
	require.NoError(t, err)
	ada := signed(secret, map[string]any{"sub": "u-1", "name": "Ada", "email": "ada@example.com", "aud": "handrail",
		"exp": time.Now().Add(time.Hour).Unix(), "attributes": map[string]any{"plan": "gold"}})

	code, phone, body := s.identified(map[string]any{"identity": ada, "timezone": "Europe/Berlin"})
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, "Ada", phone.Contact.Name)
	require.True(t, phone.Contact.Verified)
	v := s.connect("/ws/visitor", phone.Ticket)
	v.send(map[string]any{"t": "hello"})
	v.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "from the phone"})
	conversation := v.await("ack", ofType("ack")).Conversation

	code, laptop, body := s.identified(map[string]any{"identity": ada})
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, conversation, laptop.Conversation, "the same person on another device")
	require.NotEqual(t, phone.ContactToken, laptop.ContactToken)
	_, again, _ := s.identified(map[string]any{"identity": ada, "contact_token": laptop.ContactToken})
	require.Equal(t, laptop.ContactToken, again.ContactToken, "a browser keeps its token")
	_, known, _ := s.identified(map[string]any{"contact_token": laptop.ContactToken, "traits": map[string]string{"name": "Mallory"}})
	require.Equal(t, "Ada", known.Contact.Name, "claims do not overwrite what was signed")

	_, claimed, _ := s.identified(map[string]any{"traits": map[string]string{"name": "Ada\u202e", "email": "ada@example.com"}})
	require.Equal(t, uuid.Nil, claimed.Conversation, "an address alone grants no history")
	require.False(t, claimed.Contact.Verified)
	require.Equal(t, "Ada", claimed.Contact.Name)

	grace := signed(secret, map[string]any{"sub": "u-2", "aud": "handrail", "exp": time.Now().Add(time.Hour).Unix()})
	_, other, _ := s.identified(map[string]any{"identity": grace, "contact_token": laptop.ContactToken})
	require.Equal(t, uuid.Nil, other.Conversation, "another person at the same browser sees nothing of the first")
	require.NotEqual(t, laptop.ContactToken, other.ContactToken)

	for name, token := range map[string]string{
		"forged":   signed("guess", map[string]any{"sub": "u-1", "aud": "handrail", "exp": time.Now().Add(time.Hour).Unix()}),
		"expired":  signed(secret, map[string]any{"sub": "u-1", "aud": "handrail", "exp": time.Now().Add(-time.Hour).Unix()}),
		"nonsense": "nonsense",
	} {
		code, _, body := s.identified(map[string]any{"identity": token})
		require.Equal(t, http.StatusUnauthorized, code, "%s: %s", name, body)
	}

	// Secrets are exchanged without a gap, and a revoked one opens nothing.
	list, err := s.auth.IdentitySecrets(t.Context(), s.workspace)
	require.NoError(t, err)
	_, next, err := s.auth.AddIdentitySecret(t.Context(), s.workspace, "test")
	require.NoError(t, err)
	code, _, _ = s.identified(map[string]any{"identity": ada})
	require.Equal(t, http.StatusOK, code)
	require.NoError(t, s.auth.RevokeIdentitySecret(t.Context(), s.workspace, "test", list[0].ID))
	code, _, _ = s.identified(map[string]any{"identity": ada})
	require.Equal(t, http.StatusUnauthorized, code)
	code, renewed, _ := s.identified(map[string]any{"identity": signed(next, map[string]any{"sub": "u-1", "aud": "handrail", "exp": time.Now().Add(time.Hour).Unix()})})
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, conversation, renewed.Conversation)
}
