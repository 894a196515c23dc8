package llm_test

import (
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pkoukk/tiktoken-go"
	loader "github.com/pkoukk/tiktoken-go-loader"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/llm"
)

func tokens(t *testing.T, model string) *llm.Tokens {
	t.Helper()
	k, err := llm.NewTokens(model)
	require.NoError(t, err)
	return k
}

func TestTokens(t *testing.T) {
	k, old := tokens(t, "some-local-model"), tokens(t, "gpt-4")
	t.Run("known counts", func(t *testing.T) {
		require.Equal(t, 2, k.Count("hello world"))
		require.Equal(t, 2, old.Count("hello world"))
		require.Zero(t, k.Count(""))
		require.Less(t, k.Count("退款政策是什么"), old.Count("退款政策是什么"), "the newer dictionary knows more Chinese")
	})
	t.Run("same as the library", func(t *testing.T) {
		tiktoken.SetBpeLoader(loader.NewOfflineLoader())
		for name, ours := range map[string]*llm.Tokens{"o200k_base": k, "cl100k_base": old} {
			theirs, err := tiktoken.GetEncoding(name)
			require.NoError(t, err)
			for _, s := range []string{
				"It's 12345 o'clock, DON'T wait!\r\n\r\n  Go/to  https://example.org/a_b?c=1\n", "McDonald's ÀÉ straße ΣΊΣΥΦΟΣ",
				"退款政策是什么？请联系客服。", "한국어 テキスト ไทย", "emoji 👩‍👩‍👧 \t\ttabs", `{"a":[1,2,{"b":null}]}`,
			} {
				require.Equal(t, len(theirs.EncodeOrdinary(s)), ours.Count(s), "%s %q", name, s)
			}
		}
	})
	t.Run("special marks are plain text", func(t *testing.T) {
		require.Greater(t, k.Count("<|endoftext|>"), 3)
	})
	t.Run("windows change little", func(t *testing.T) {
		sentence := " The parcel leaves our house on the day after the order."
		one := k.Count(sentence)
		require.InEpsilon(t, one*100, k.Count(strings.Repeat(sentence, 100)), 0.02)
	})
	t.Run("hostile text is linear", func(t *testing.T) {
		for _, s := range []string{"a", "退", "\xff", " "} {
			k.Count(strings.Repeat(s, 1000))
			short := elapsed(func() { k.Count(strings.Repeat(s, 4_000)) })
			long := elapsed(func() { k.Count(strings.Repeat(s, 32_000)) })
			require.Less(t, long, 30*short+50*time.Millisecond, "%q: 8 times the text took %v instead of %v", s, long, short)
		}
	})
	t.Run("concurrent", func(t *testing.T) {
		fresh := tokens(t, "gpt-4o")
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() { _ = fresh.Count("hello world") })
		}
		group.Wait()
	})
	t.Run("truncate", func(t *testing.T) {
		require.Equal(t, "hello", k.Truncate("hello world", 1))
		require.Equal(t, "hello world", k.Truncate("hello world", 2))
		require.Empty(t, k.Truncate("hello world", 0))
		require.Empty(t, k.Truncate("hello world", -1))
		rapid.Check(t, func(t *rapid.T) {
			s := strings.Repeat(rapid.String().Draw(t, "part"), rapid.IntRange(1, 300).Draw(t, "times"))
			limit := rapid.IntRange(0, 600).Draw(t, "limit")
			got := k.Truncate(s, limit)
			require.True(t, strings.HasPrefix(s, got))
			require.True(t, utf8.ValidString(got))
			require.LessOrEqual(t, k.Count(got), limit)
			if got != s {
				require.GreaterOrEqual(t, k.Count(got)+8, limit)
			}
		})
	})
}

func elapsed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}
