package api

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bucket{}
		for range 100 {
			require.True(t, b.take(botAllowance()))
		}
		require.False(t, b.take(botAllowance()), "the burst is used up")
		<-time.After(time.Second) // of the bubble's clock, which costs no time
		for range 20 {
			require.True(t, b.take(botAllowance()))
		}
		require.False(t, b.take(botAllowance()))
		require.True(t, b.take(personAllowance()), "a person may be written to faster")
	})
}
