package api

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"handrail/internal/chat"
)

// The two frames that every message causes are put together by hand, in the form that encoding/json would give them:
// with reflection they would cost as much as all the rest of a message's way through this package.

// acknowledgement is the frame {"t":"ack"}.
func acknowledgement(clientID uuid.UUID, seq int64, conversation uuid.UUID) []byte {
	b := make([]byte, 0, 144)
	b = append(b, `{"t":"ack","client_id":`...)
	b = appendID(b, clientID)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, seq, 10)
	b = append(b, `,"conversation":`...)
	b = appendID(b, conversation)
	return append(b, '}')
}

// messageFrame is the frame {"t":"msg"}, which names the conversation unless that is nil. It holds the fields of
// [messageView].
func messageFrame(conversation *uuid.UUID, m *chat.Message) []byte {
	b := make([]byte, 0, 288+len(m.Body)+len(m.Data))
	b = append(b, `{"t":"msg"`...)
	if conversation != nil {
		b = append(b, `,"conversation":`...)
		b = appendID(b, *conversation)
	}
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, m.Seq, 10)
	b = append(b, `,"client_id":`...)
	b = appendID(b, m.ClientID)
	b = append(b, `,"sender":{"kind":`...)
	b = appendText(b, string(m.Sender.Kind))
	b = append(b, `,"name":`...)
	b = appendText(b, m.Sender.Name)
	b = append(b, `},"kind":`...)
	b = appendText(b, string(m.Kind))
	b = append(b, `,"body":`...)
	b = appendText(b, m.Body)
	if len(m.Data) > 0 {
		b = append(b, `,"data":`...)
		b = appendJSON(b, m.Data)
	}
	b = append(b, `,"at":"`...)
	b = m.At.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"', '}')
}

func appendID(b []byte, id uuid.UUID) []byte {
	b = append(b, '"')
	b = append(hex.AppendEncode(b, id[:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return append(hex.AppendEncode(b, id[10:]), '"')
}

// appendText appends a string. Most have nothing to escape.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0xE2: // the last leads U+2028 and U+2029
			return appendJSON(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendJSON(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendJSON appends what encoding/json makes of a string, or of stored JSON, which is valid.
func appendJSON(b []byte, v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		return append(b, `null`...)
	}
	return append(b, encoded...)
}
