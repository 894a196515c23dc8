package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"handrail/internal/errs"
)

// secretSize is the length of every key, in bytes: AES-256.
const secretSize = 32

// Ring holds operator keys. The first wraps; the others only unwrap what they wrapped before.
type Ring struct{ keys []*Key }

// ParseRing reads operator keys: base64 of 32 bytes each, between commas or white space, the current one first. Lines
// that begin with # are comments. Errors are of kind [errs.Invalid] and do not repeat the text.
func ParseRing(text string) (*Ring, error) {
	r := &Ring{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, word := range strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) }) {
			if err := r.add(word); err != nil {
				return nil, err
			}
		}
	}
	if len(r.keys) == 0 {
		return nil, errs.New(errs.Invalid, "there is no operator key: give 32 random bytes as base64")
	}
	return r, nil
}

func (r *Ring) add(word string) error {
	secret, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(word, "="))
	if err != nil || len(secret) != secretSize {
		return errs.New(errs.Invalid, "operator key %d is not base64 of 32 bytes: make one with `openssl rand -base64 32`",
			len(r.keys)+1)
	}
	sum := sha256.Sum256(append([]byte("handrail operator key "), secret...))
	key, err := newKey(binary.BigEndian.Uint32(sum[:]), secret)
	if err != nil {
		return err
	}
	r.keys = append(r.keys, key)
	return nil
}

// NewOperatorKey returns a fresh operator key as text.
func NewOperatorKey() string { return base64.StdEncoding.EncodeToString(newSecret()) }

// ThrowAwayRing holds a key that everybody knows, for databases of tests.
func ThrowAwayRing() *Ring {
	r := &Ring{}
	_ = r.add(base64.StdEncoding.EncodeToString([]byte("handrail throw-away operator key"))) // 32 bytes
	return r
}

// Current names the key that wraps; "" for an empty ring.
func (r *Ring) Current() string {
	if r == nil || len(r.keys) == 0 {
		return ""
	}
	return nameOf(r.keys[0].id)
}

func nameOf(id uint32) string { return fmt.Sprintf("%08x", id) }

func (r *Ring) has(name string) bool {
	return slices.ContainsFunc(r.keys, func(k *Key) bool { return nameOf(k.id) == name })
}

// wrap encrypts a workspace key with the current operator key.
func (r *Ring) wrap(p Place, secret []byte) ([]byte, error) {
	if r.Current() == "" {
		return nil, noOperatorKey()
	}
	return r.keys[0].Seal(p, secret)
}

// unwrap decrypts a workspace key with whichever operator key wrapped it.
func (r *Ring) unwrap(p Place, wrapped []byte) ([]byte, error) {
	if r.Current() == "" {
		return nil, noOperatorKey()
	}
	if len(wrapped) < headerSize {
		return nil, refused(p, "it is no key")
	}
	for _, k := range r.keys {
		if k.id == keyOf(wrapped) {
			return openSecret(k, p, wrapped)
		}
	}
	return nil, unknownOperatorKey(nameOf(keyOf(wrapped)))
}

func openSecret(k *Key, p Place, wrapped []byte) ([]byte, error) {
	fields, err := k.Open(p, wrapped)
	if err != nil {
		return nil, err
	}
	if len(fields) != 1 || len(fields[0]) != secretSize {
		return nil, refused(p, "it is no key")
	}
	return fields[0], nil
}

func noOperatorKey() error {
	return errs.New(errs.Unsupported, "this server has no operator key: set HANDRAIL_MASTER_KEY or HANDRAIL_MASTER_KEY_FILE")
}

func unknownOperatorKey(id string) error {
	return errs.New(errs.Unsupported, "the database is sealed with operator key %s, which this server was not given: set "+
		"HANDRAIL_MASTER_KEY, or HANDRAIL_MASTER_KEY_FILE, to the key of the other servers on this database (or of this "+
		"one before: master.key in its data folder)", id)
}

// newSecret returns a random key. The generator ends the program rather than fail.
func newSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret)
	return secret
}
