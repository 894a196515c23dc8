package text

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                        "",
		"Returning the Lamps":     "return the lamp",
		"E-1042, v2":              "e 1042 v2",
		"ＶＡＴ number":              "vat number",
		"退货标签":                    "退 退货 货 货标 标 标签 签",
		"退,货":                     "退 货",
		"中abc文":                   "中 abc 文",
		"用iPhone15拍照":             "用 iphone15 拍 拍照 照",
		"カメラ":                     "カ カメ メ メラ ラ",
		"cafés naïve":             "cafés naïve",
		"lamp\xffswitch \xe4\xb8": "lamp switch",
		"退\xff货":                  "退 货",
	} {
		var got []string
		for _, term := range Terms(in) {
			got = append(got, term.Text)
		}
		require.Equal(t, want, strings.Join(got, " "), "%q", in)
	}
}

func TestTermOffsetsPointIntoTheText(t *testing.T) {
	t.Parallel()
	const in = "\xffＶＡＴ \xe9lamp 退货"
	var got []string
	for _, term := range Terms(in) {
		got = append(got, in[term.Start:term.End])
	}
	require.Equal(t, []string{"ＶＡＴ", "lamp", "退", "退货", "货"}, got)
}

func TestWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"the", "lamps", "15", "退", "货"}, Words("The LAMPS, １５! 退货"))
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                                  nil,
		" \n\t ":                            nil,
		"One. Two! Three?":                  {"One.", "Two!", "Three?"},
		"Costs 3.50 euro. See www.a.b now.": {"Costs 3.50 euro.", "See www.a.b now."},
		"Use a cloth, e.g. a dry one. Done": {"Use a cloth, e.g. a dry one.", "Done"},
		"1. Open the box\n2. Read":          {"1. Open the box", "2. Read"},
		"打开盒子。然后呢？好；":                       {"打开盒子。", "然后呢？", "好；"},
		"Bad \xff. \xe4\xb8。 End":           {"Bad \xff.", "\xe4\xb8。", "End"},
	} {
		var got []string
		for _, s := range Sentences(in) {
			got = append(got, in[s.Start:s.End])
		}
		require.Equal(t, want, got, "%q", in)
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":               "xx",
		"12345":          "xx",
		"退货需要多久？":        "zh",
		"我的 iPhone 怎么退货": "zh",
		"この商品はいつ届きますか":   "ja",
		"배송은 언제 오나요":     "ko",
		"ok":             "xx",
		"Wie kann ich meine Bestellung wieder zurückschicken und mein Geld bekommen?":  "de",
		"How can I send my order back and get all of my money returned to my account?": "en",
	} {
		require.Equal(t, want, Detect(in, "xx"), "%q", in)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "退货标签", "\xff\xfe退\xff", "e.g. 1. x\n2.", "中abc文", "\xe4\xb8", "ﬁﬀ①Å", "가나\u200dİ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, term := range Terms(s) {
			if term.Start < last || term.End <= term.Start || term.End > len(s) || term.Text == "" {
				t.Fatalf("%q: term %+v after %d", s, term, last)
			}
			last = term.Start
		}
		last = 0
		for _, span := range Sentences(s) {
			part := s[span.Start:span.End]
			if span.Start < last || part == "" || strings.TrimSpace(part) != part {
				t.Fatalf("%q: sentence %+v after %d", s, span, last)
			}
			last = span.End
		}
		if slices.Contains(Words(s), "") {
			t.Fatalf("%q: an empty word", s)
		}
		if n := Normalize(s); utf8.ValidString(s) && !utf8.ValidString(n) {
			t.Fatalf("%q: invalid %q", s, n)
		}
		Detect(s, "en")
	})
}

func BenchmarkTerms(b *testing.B) {
	for name, s := range map[string]string{
		"english": strings.Repeat("You can return an unused lamp within thirty days. ", 20),
		"chinese": strings.Repeat("未使用的台灯可以在三十天内退货。", 20),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Terms(s)
			}
		})
	}
}

// However words collide in the cache, and whoever else uses it meanwhile, every word gets its own stem.
func TestStemsDoNotDependOnTheCache(t *testing.T) {
	t.Parallel()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range 20_000 {
				word := strings.Repeat(string(rune('a'+i%26)), 1+i%7) + strconv.Itoa(i) + "running"
				assert.Equal(t, stem(word), stems.get(word))
			}
		})
	}
	readers.Wait()
}

func TestNearUndoesOneTypingError(t *testing.T) {
	t.Parallel()
	for typed, meant := range map[string]string{"delviery": "delivery", "delivry": "delivery", "deliveryy": "delivery",
		"deliverz": "delivery", "refundd": "refund", "pasword": "password"} {
		require.Contains(t, Near(typed), stem(meant), typed)
	}
	for _, none := range []string{"", "lamp", "iphone5", "paris", "größeres", strings.Repeat("ab", 4000), "退货退货退货"} {
		require.Empty(t, Near(none), none)
	}
}
