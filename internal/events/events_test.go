package events_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/errs"
	"handrail/internal/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, c events.Config) *events.Bus {
	t.Helper()
	b, err := events.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// listen returns what arrives on a subject.
func listen(t *testing.T, b *events.Bus, subject string) (<-chan string, *events.Subscription) {
	t.Helper()
	heard := make(chan string, 1000)
	sub, err := b.Subscribe(subject, func(subject string, data []byte) { heard <- subject + " " + string(data) })
	require.NoError(t, err)
	return heard, sub
}

func TestPublishReachesMatchingSubscribers(t *testing.T) {
	t.Parallel()
	b := open(t, events.Config{})
	exact, _ := listen(t, b, "conv.a.hint")
	any, _ := listen(t, b, "conv.*.hint")
	require.NoError(t, b.Publish("conv.b.hint", map[string]int{"last_seq": 1}))
	require.NoError(t, b.Publish("conv.a.hint", map[string]int{"last_seq": 2}))
	require.Equal(t, `conv.b.hint {"last_seq":1}`, <-any)
	require.Equal(t, `conv.a.hint {"last_seq":2}`, <-any)
	require.Equal(t, `conv.a.hint {"last_seq":2}`, <-exact)
	require.Error(t, b.Publish("conv.a.hint", make(chan int)), "what is not JSON is refused")
}

func TestClosedSubscriptionHearsNothing(t *testing.T) {
	t.Parallel()
	b := open(t, events.Config{})
	closed, sub := listen(t, b, "x")
	open, _ := listen(t, b, "x")
	sub.Close()
	require.NoError(t, b.Publish("x", 1))
	require.Equal(t, "x 1", <-open)
	require.Empty(t, closed)
}

func TestCloseHandlesWhatHasArrived(t *testing.T) {
	t.Parallel()
	b := open(t, events.Config{})
	heard, _ := listen(t, b, "x")
	const n = 500
	for i := range n {
		require.NoError(t, b.Publish("x", i))
	}
	b.Close()
	b.Close()
	require.Len(t, heard, n)
	for i := range n {
		require.Equal(t, fmt.Sprintf("x %d", i), <-heard)
	}
	require.Error(t, b.Publish("x", 1))
	_, err := b.Subscribe("x", func(string, []byte) {})
	require.Equal(t, errs.Unavailable, errs.KindOf(err))
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestNodesOfAClusterHearEachOther(t *testing.T) {
	t.Parallel()
	first, second := freeAddress(t), freeAddress(t)
	a := open(t, events.Config{Listen: first, Token: "secret"})
	b := open(t, events.Config{Listen: second, Routes: []string{"nats://" + first}, Token: "secret"})
	heard, _ := listen(t, b, "x")
	// The interest spreads once the route is up; until then publishing reaches nobody.
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		require.NoError(t, a.Publish("x", 1))
		select {
		case got := <-heard:
			require.Equal(t, "x 1", got)
			return
		case <-again.C:
		}
	}
}

func TestUnusableConfigurationIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]events.Config{
		"no token":  {Listen: "127.0.0.1:0"},
		"no listen": {Routes: []string{"nats://127.0.0.1:1"}, Token: "secret"},
		"no port":   {Listen: "127.0.0.1", Token: "secret"},
		"bad route": {Listen: "127.0.0.1:0", Routes: []string{"somewhere"}, Token: "secret"},
	} {
		_, err := events.Open(t.Context(), c)
		require.Equal(t, errs.Invalid, errs.KindOf(err), "%s: %v", name, err)
	}
	_, err := events.Open(t.Context(), events.Config{URL: "nats://" + freeAddress(t)})
	require.Equal(t, errs.Unavailable, errs.KindOf(err))
}
