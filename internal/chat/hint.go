package chat

import (
	"bytes"
	"strconv"
)

// HintedSeq returns the number in an encoded [Hint]. It is the one thing that readers of many hints need, and much
// cheaper than decoding the whole.
func HintedSeq(data []byte) (last int64, ok bool) {
	_, rest, ok := bytes.Cut(data, []byte(`"last_seq":`))
	if !ok {
		return 0, false
	}
	last, err := strconv.ParseInt(string(bytes.TrimRight(rest, "} ")), 10, 64)
	return last, err == nil
}

// DeskHint is what travels on desk.<workspace> when the state or the agent of a conversation changed.
type DeskHint struct {
	Agents []int64 `json:"agents,omitempty"` // whose conversations are others now; 0 stands for nobody
}
