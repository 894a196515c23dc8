package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"
)

// SearchOwner is the owner of the key with which the terms of a workspace's history are hashed. It outlives rotation, so
// that the index stays valid.
func SearchOwner(ws uuid.UUID) Owner { return Owner{ws, uuid.Max} }

// Blind hashes terms with the key. Who has the index but not the key cannot try words; they see which conversations
// share a term, not which term it is.
func (k *Key) Blind(terms []string) []int64 {
	mac := hmac.New(sha256.New, k.secret)
	var sum []byte
	out := make([]int64, len(terms))
	for i, t := range terms {
		mac.Reset()
		mac.Write([]byte(t))
		sum = mac.Sum(sum[:0])
		out[i] = int64(binary.BigEndian.Uint64(sum))
	}
	return out
}
