package auth_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

// TestTicketOpensOnceAmongMany offers each of several tickets many times at once, which share their query.
func TestTicketOpensOnceAmongMany(t *testing.T) {
	t.Parallel()
	s, ws := newStore(t)
	const tickets, offers = 8, 16
	var opened [tickets]atomic.Int64
	var all sync.WaitGroup
	for i := range tickets {
		subject := auth.Subject{Contact: uuid.New()}
		ticket, err := s.Ticket(t.Context(), ws, subject)
		require.NoError(t, err)
		for range offers {
			all.Go(func() {
				_, got, err := s.Redeem(t.Context(), ticket)
				switch {
				case err == nil && got == subject:
					opened[i].Add(1)
				case !errs.Is(err, errs.Unauthenticated):
					t.Errorf("ticket %d gave %v: %v", i, got, err)
				}
			})
		}
	}
	all.Wait()
	for i := range tickets {
		require.EqualValues(t, 1, opened[i].Load(), "ticket %d", i)
	}
}
