package api

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
)

// reflected is the frame as encoding/json writes it.
type reflected struct {
	Type         string     `json:"t"`
	Conversation *uuid.UUID `json:"conversation,omitempty"`
	messageView
}

func FuzzMessageFrame(f *testing.F) {
	for _, s := range []string{"", "plain", `quote " backslash \ slash /`, "<b>&amp;</b>", "退款", "tab\tline\nnull\x00", "\u2028\u2029", "\xff\xfe"} {
		f.Add(s, s, int64(1), int64(1_700_000_000_123_456_789))
	}
	f.Fuzz(func(t *testing.T, body, name string, seq, at int64) {
		m := chat.Message{Conversation: uuid.New(), Seq: seq, ClientID: uuid.New(), Kind: chat.KindText, Body: body,
			Sender: chat.Sender{Kind: chat.Visitor, Name: name}, At: time.Unix(0, at).UTC()}
		for _, data := range []json.RawMessage{nil, json.RawMessage(`{"n":1, "text": "<x>"}`)} {
			m.Data = data
			want, err := json.Marshal(reflected{"msg", &m.Conversation, viewOf(m)})
			require.NoError(t, err)
			require.Equal(t, string(want), string(messageFrame(&m.Conversation, &m)))
		}
	})
}

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	client, conversation := uuid.New(), uuid.New()
	want, err := json.Marshal(map[string]any{"t": "ack", "client_id": client, "seq": 17, "conversation": conversation})
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(acknowledgement(client, 17, conversation)))
}

func TestAppendFrame(t *testing.T) {
	t.Parallel()
	require.Equal(t, []byte{0x89, 0}, appendFrame(nil, nil), "no payload is a ping")
	for n, header := range map[int]int{1: 2, 125: 2, 126: 4, 65535: 4, 65536: 10} {
		require.Len(t, appendFrame(nil, []byte(strings.Repeat("x", n))), header+n)
	}
}
