// Package auth says who is asking and what they may do.
//
// It owns the tables workspaces, users, sessions, api_keys, tickets, widgets and identity_secrets. Guarantees:
//
//   - Passwords are stored as argon2id hashes; sessions, API keys and tickets as SHA-256 of 256 random bits, so a copy
//     of the database opens nothing.
//   - A ticket opens one WebSocket once, within a minute.
//   - What each role may do stands in one table, [Role.May]; package api checks it for every route and frame.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"handrail/internal/postgres"
)

// Role is what a member of staff, or an API key, is trusted with.
type Role string

// The roles.
const (
	Admin            Role = "admin"             // everything, including users and keys
	Agent            Role = "agent"             // takes escalations
	QualityInspector Role = "quality_inspector" // reads conversations and scores, changes nothing
	KnowledgeManager Role = "knowledge_manager" // uploads documents, tests questions
)

// Roles lists every role.
func Roles() []Role { return []Role{Admin, Agent, QualityInspector, KnowledgeManager} }

// Permission is one thing that an operation needs to be allowed.
type Permission string

// The permissions. Public and SignedIn are for operations that need no particular right.
const (
	Public            Permission = "public"             // anyone, also without a key
	Visitor           Permission = "visitor"            // a visitor, in a conversation of their own
	SignedIn          Permission = "signed_in"          // any member of staff or API key
	ReadConversations Permission = "conversations.read" // read transcripts and evidence
	WorkDesk          Permission = "desk.work"          // go online, take, reply, close, return
	ReadPresence      Permission = "presence.read"      // see who is online
	ReadKnowledge     Permission = "knowledge.read"     // search, list documents, test questions
	WriteKnowledge    Permission = "knowledge.write"    // add and remove documents, review questions and drafts
	AddCases          Permission = "cases.add"          // make a case of a turn that one may read
	ManageUsers       Permission = "users.manage"       // add and disable staff
	ManageKeys        Permission = "keys.manage"        // make and revoke API keys
)

// May reports whether the role has the permission. An unknown role may nothing.
func (r Role) May(p Permission) bool {
	granted := map[Role][]Permission{
		Admin:            {ReadConversations, WorkDesk, ReadPresence, ReadKnowledge, WriteKnowledge, AddCases, ManageUsers, ManageKeys},
		Agent:            {ReadConversations, WorkDesk, ReadPresence, ReadKnowledge, AddCases},
		QualityInspector: {ReadConversations, ReadPresence, ReadKnowledge},
		KnowledgeManager: {ReadPresence, ReadKnowledge, WriteKnowledge, AddCases},
	}
	perms, known := granted[r]
	return known && (p == SignedIn || p == Public || slices.Contains(perms, p))
}

// Principal is someone who has proved who they are.
type Principal struct {
	Workspace uuid.UUID
	User      int64     // 0 for an API key
	Key       uuid.UUID // zero for a user
	Name      string
	Email     string
	Role      Role
}

// Actor names the principal in the audit log.
func (p Principal) Actor() string {
	if p.User != 0 {
		return fmt.Sprintf("user:%d", p.User)
	}
	return "key:" + p.Key.String()
}

// Store reads and writes credentials.
type Store struct {
	db *postgres.DB
	// hashing bounds how many argon2id hashes run at once: each takes 19 MiB and a core for tens of milliseconds, so
	// a burst of sign-ins must not starve the chat.
	hashing chan struct{}

	issue   *postgres.Gather[issued, struct{}]
	redeem  *postgres.Gather[[32]byte, redeemed]
	swept   atomic.Int64 // when old tickets were last removed, in nanoseconds of the Unix time
	widgets sync.Map     // string key to knownWidget
}

// NewStore returns a store over db.
func NewStore(db *postgres.DB) *Store {
	s := &Store{db: db, hashing: make(chan struct{}, 2)}
	s.issue = postgres.NewGather(2, 256, s.issueAll)
	s.redeem = postgres.NewGather(2, 256, s.redeemAll)
	return s
}

// NewSecret returns 256 random bits as URL-safe text, led by prefix, and the hash under which to store them.
func NewSecret(prefix string) (secret string, hash []byte) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails; it ends the process instead
	secret = prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return secret, HashSecret(secret)
}

// HashSecret returns the hash under which a secret of [NewSecret] is stored. A plain hash suffices because the secret
// is random and long.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
