package auth_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

func newStore(t *testing.T) (*auth.Store, uuid.UUID) {
	db := pgtest.Open(t)
	return auth.NewStore(db), pgtest.Workspace(t, db)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s, ws := newStore(t)
	_, err := s.AddUser(t.Context(), ws, "cli", auth.NewUser{
		Email: "Ana@Example.com", Name: "Ana", Password: "correct horse battery", Role: auth.Agent})
	require.NoError(t, err)

	token, p, err := s.SignIn(t.Context(), ws, " ana@example.com", "correct horse battery")
	require.NoError(t, err)
	require.Equal(t, auth.Agent, p.Role)

	again, err := s.Session(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, p, again)

	_, _, wrongPassword := s.SignIn(t.Context(), ws, "ana@example.com", "wrong horse battery")
	_, _, unknown := s.SignIn(t.Context(), ws, "bob@example.com", "correct horse battery")
	require.True(t, errs.Is(wrongPassword, errs.Unauthenticated))
	require.Equal(t, errs.Public(wrongPassword), errs.Public(unknown), "the answer does not tell which addresses exist")

	require.NoError(t, s.SignOut(t.Context(), token))
	_, err = s.Session(t.Context(), token)
	require.True(t, errs.Is(err, errs.Unauthenticated))
}

func TestAddUserRefuses(t *testing.T) {
	t.Parallel()
	s, ws := newStore(t)
	good := auth.NewUser{Email: "a@example.com", Name: "A", Password: "long enough password", Role: auth.Admin}
	_, err := s.AddUser(t.Context(), ws, "cli", good)
	require.NoError(t, err)
	_, err = s.AddUser(t.Context(), ws, "cli", good)
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)

	for name, change := range map[string]func(*auth.NewUser){
		"email":    func(u *auth.NewUser) { u.Email = "not an address" },
		"name":     func(u *auth.NewUser) { u.Name = " " },
		"password": func(u *auth.NewUser) { u.Password = "short" },
		"role":     func(u *auth.NewUser) { u.Role = "king" },
	} {
		bad := good
		change(&bad)
		_, err := s.AddUser(t.Context(), ws, "cli", bad)
		require.True(t, errs.Is(err, errs.Invalid), "%s: %v", name, err)
	}
}

func TestTicketOpensOnce(t *testing.T) {
	t.Parallel()
	s, ws := newStore(t)
	subject := auth.Subject{Contact: uuid.New(), Lang: "zh"}
	ticket, err := s.Ticket(t.Context(), ws, subject)
	require.NoError(t, err)
	gotWS, got, err := s.Redeem(t.Context(), ticket)
	require.NoError(t, err)
	require.Equal(t, ws, gotWS)
	require.Equal(t, subject, got)
	_, _, err = s.Redeem(t.Context(), ticket)
	require.True(t, errs.Is(err, errs.Unauthenticated))
}

func TestKey(t *testing.T) {
	t.Parallel()
	s, ws := newStore(t)
	key, err := s.AddKey(t.Context(), ws, "cli", "dashboard", auth.QualityInspector)
	require.NoError(t, err)
	p, err := s.Key(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, auth.QualityInspector, p.Role)
	_, err = s.Key(t.Context(), key+"x")
	require.True(t, errs.Is(err, errs.Unauthenticated))
}

func TestRolesMay(t *testing.T) {
	t.Parallel()
	require.True(t, auth.Agent.May(auth.WorkDesk))
	require.False(t, auth.QualityInspector.May(auth.WorkDesk))
	require.False(t, auth.KnowledgeManager.May(auth.ReadConversations))
	require.False(t, auth.Agent.May(auth.ManageUsers))
	require.False(t, auth.Role("").May(auth.SignedIn))
}

func TestRemoveWorkspace(t *testing.T) {
	t.Parallel()
	s, ws := newStore(t)
	_, err := s.AddUser(t.Context(), ws, "cli", auth.NewUser{
		Email: "a@example.com", Name: "A", Password: "long enough password", Role: auth.Admin})
	require.NoError(t, err)
	err = s.RemoveWorkspace(t.Context(), ws)
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)

	empty, err := s.EnsureWorkspace(t.Context(), "empty", "Empty")
	require.NoError(t, err)
	require.NoError(t, s.RemoveWorkspace(t.Context(), empty))
	again, err := s.EnsureWorkspace(t.Context(), "empty", "Empty")
	require.NoError(t, err)
	require.NotEqual(t, empty, again)
}
