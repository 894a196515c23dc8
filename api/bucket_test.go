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
		b := newBucket()
		for range bucketSize {
			require.True(t, b.take())
		}
		require.False(t, b.take(), "the burst is used up")
		<-time.After(time.Second) // of the bubble's clock, which costs no time
		for range bucketRate {
			require.True(t, b.take())
		}
		require.False(t, b.take())
	})
}
