package intent_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

// long is a message of 300 characters that has something for every table.
const long = "Hello, I ordered a lamp (HR-10423) on 5 March and paid $49.90. You told me it would be here last Friday, but that " +
	"did not help: it is still not working out, nobody answers +44 20 7946 0958 or help@example.com, and this is ridiculous. " +
	"Can you transfer me to a person who can tell me where my parcel is, please?"

func BenchmarkSignals(b *testing.B) {
	for _, message := range []string{long, strings.Repeat("你好，订单10423昨天付了三百块还没到，气死我了，还是不行，帮我转人工吧。", 8)} {
		name := "english"
		if message != long {
			name = "chinese"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				intent.Entities(message)
				intent.WantsPerson(message)
				intent.Anger(message)
				intent.Dissatisfied(message)
			}
		})
	}
}

func FuzzDissatisfied(f *testing.F) {
	f.Add("that didn't help 没用")
	f.Fuzz(func(t *testing.T, s string) {
		d := intent.Dissatisfied(s)
		require.True(t, d >= 0 && d <= 1, d)
	})
}

// The time of a message grows with its length, whatever it repeats: eight times the length takes eight times as long, and
// not sixty-four. Other processes may take the processor away, so several tries are allowed.
func TestSignalsBearHostileMessages(t *testing.T) {
	t.Parallel()
	fragments := []string{"it ", "a ", "1", "1 ", "1,111", "1.", "12/05/2026 ", "$1", "一", "一百", "块", "1元", "@", "a.a@", "a@b.co ",
		"<", "不要", "not ", "you ", "talk to ", "human ", "the the ", "may 20 ", "one hundred ", "+1", "order ", "订单", "5号",
		"very ", "so i ", "but ", "fuck", "!", "今天", "#1", "(1) ", "\xff", "http://", "ｘ", "é", "week ", "是", "1-"}
	for _, f := range fragments {
		linear := false
		for try := 0; try < 5 && !linear; try++ {
			short, long := readTime(strings.Repeat(f, 6<<10/len(f))), readTime(strings.Repeat(f, 48<<10/len(f)))
			linear = long < 20*short+100*time.Millisecond
		}
		require.True(t, linear, "%q repeated", f)
	}
}

func readTime(message string) time.Duration {
	start := time.Now()
	intent.Entities(message)
	intent.WantsPerson(message)
	intent.Anger(message)
	intent.Dissatisfied(message)
	return time.Since(start)
}

// The tables fill as messages need them, from any number of goroutines.
func TestSignalsAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 40 {
				message := long[i:]
				_, _, _ = intent.Anger(message), intent.Dissatisfied(message), intent.Entities(message)
				intent.WantsPerson(message)
			}
		})
	}
	wg.Wait()
}
