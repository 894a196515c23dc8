// Package seal encrypts at rest what visitors say and who they are.
//
// Tables: workspace_keys, data_keys, operator_keys, plain_rows.
//
// Keys wrap keys. Only the innermost encrypts rows, so that the outer two can change without touching a row:
//
//	operator key  (32 bytes, given to the server, never in the database)
//	     | wraps
//	workspace key (one in use per workspace; rotation makes a new one)
//	     | wraps
//	data key      (one per contact; one per workspace for rows of no contact; one for its search index)
//	     | encrypts
//	rows          (AES-256-GCM by Tink)
//
// Guarantees:
//
//   - A ciphertext names its key and opens in one [Place] only: workspace, owner, column and row are authenticated. A row
//     that was changed, or moved to another conversation or number, is refused, and nobody reads it as somebody else's.
//   - Destroying a contact's data key makes every row of that contact unreadable.
//   - A key that was made in a transaction which did not commit encrypts nothing outside it.
//   - Rotation runs while servers write: rows keep their data key, which is wrapped anew.
//
// What is stored is one byte of version, four of the key's id, twelve of nonce, the ciphertext and sixteen of tag.
package seal

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"handrail/internal/errs"
)

const (
	// sealedVersion marks a ciphertext; plainVersion marks a row from before there was encryption, which [Vault.SealPlain]
	// seals and nothing else reads.
	sealedVersion, plainVersion = 1, 0
	headerSize                  = 5
	// Overhead is by how many bytes a ciphertext is longer than its text.
	Overhead = headerSize + subtle.AESGCMIVSize + subtle.AESGCMTagSize
)

// Place is where a ciphertext belongs; it opens nowhere else.
type Place struct {
	Workspace uuid.UUID
	Owner     uuid.UUID // the contact; the zero id for a row of no contact
	Column    string    // "messages.sealed": table and column
	Row       string    // what identifies the row within its table
}

// aad is the place as associated data. Of its parts only the last has a length of its own that is not written down.
func (p Place) aad() []byte {
	b := make([]byte, 0, 2*len(uuid.Nil)+1+len(p.Column)+len(p.Row))
	b = append(b, p.Workspace[:]...)
	b = append(b, p.Owner[:]...)
	b = append(b, byte(len(p.Column)))
	b = append(b, p.Column...)
	return append(b, p.Row...)
}

func (p Place) String() string {
	return fmt.Sprintf("%s %q of contact %s in workspace %s", p.Column, p.Row, p.Owner, p.Workspace)
}

// Key encrypts for one owner.
type Key struct {
	id     uint32
	aead   *subtle.AESGCM
	secret []byte
}

func newKey(id uint32, secret []byte) (*Key, error) {
	aead, err := subtle.NewAESGCM(secret)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return &Key{id: id, aead: aead, secret: secret}, nil
}

// Seal encrypts fields as the content of a place. A nil field stays distinguishable from an empty one.
func (k *Key) Seal(p Place, fields ...[]byte) ([]byte, error) { return k.sealPacked(p, pack(fields)) }

func (k *Key) sealPacked(p Place, packed []byte) ([]byte, error) {
	out := make([]byte, headerSize, Overhead+len(packed))
	out[0] = sealedVersion
	binary.BigEndian.PutUint32(out[1:], k.id)
	ciphertext, err := k.aead.Encrypt(packed, p.aad())
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", p, err)
	}
	return append(out, ciphertext...), nil
}

// Open returns the fields that were sealed for a place. What was changed, belongs to another place, or was sealed with
// another key is refused with an error of kind [errs.Internal], whose cause tells operators which row it is.
func (k *Key) Open(p Place, sealed []byte) ([][]byte, error) {
	switch {
	case len(sealed) < Overhead || sealed[0] != sealedVersion:
		return nil, refused(p, "it is not a ciphertext of this version")
	case keyOf(sealed) != k.id:
		return nil, refused(p, fmt.Sprintf("it was sealed with key %08x, but the key of its owner is %08x", keyOf(sealed), k.id))
	}
	packed, err := k.aead.Decrypt(sealed[headerSize:], p.aad())
	if err != nil {
		return nil, refused(p, "it was changed, or moved here from another row")
	}
	fields, err := unpack(packed)
	if err != nil {
		return nil, refused(p, err.Error())
	}
	return fields, nil
}

func keyOf(sealed []byte) uint32 { return binary.BigEndian.Uint32(sealed[1:headerSize]) }

func refused(p Place, why string) error {
	return errs.Wrap(fmt.Errorf("refuse to open %s: %s", p, why), errs.Internal,
		"something stored here cannot be read: an operator finds the reason in the server's log")
}
