package curation

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestJoined(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		messages []string
		want     string
	}{
		"nothing":     {nil, ""},
		"courtesies":  {[]string{"Hi Ada,", "one moment please", "Thanks for waiting!", "You're welcome, have a nice day."}, ""},
		"too little":  {[]string{"Yes."}, ""},
		"a question":  {[]string{"Hello! Which frame number do you have?"}, ""},
		"an answer":   {[]string{"Hi Ada, steel frames carry a warranty of 10 years."}, "steel frames carry a warranty of 10 years."},
		"yes and why": {[]string{"Yes. You can return it within 30 days."}, "Yes. You can return it within 30 days."},
		"several": {[]string{"Good morning!", "Let me check that for you.", "We ship to Norway.", "It takes 5 days.\nIt costs 12 EUR.",
			"Is there anything else I can help with?"}, "We ship to Norway.\n\nIt takes 5 days.\nIt costs 12 EUR."},
		"not a courtesy": {[]string{"This is free from 50 EUR.", "I will not, sorry we do not ship to Mars."},
			"This is free from 50 EUR.\n\nI will not, sorry we do not ship to Mars."},
		"chinese courtesies": {[]string{"您好", "请稍等", "您好，请您稍等一下", "不客气，祝您生活愉快！", "请问还有什么可以帮您的吗？", "好的，谢谢您的耐心等待"}, ""},
		"chinese":            {[]string{"您好，请稍等。", "挪威的配送需要五天。运费十二欧元。", "不客气"}, "挪威的配送需要五天。运费十二欧元。"},
	} {
		require.Equal(t, c.want, joined(c.messages), name)
	}
}

func TestAQuestionKeepsWhatItAsks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Hello! My frame is rusty. What can I do about it? Thanks in advance": "My frame is rusty. What can I do about it?",
		"Hi, how long is the warranty? Thank you!":                            "how long is the warranty?",
		"您好，请问保修期多久？谢谢":                                                       "请问保修期多久？",
		"你好": "",
	} {
		require.Equal(t, want, withoutCourtesies(in), in)
	}
}

func FuzzJoined(f *testing.F) {
	f.Add("Hi Ada, we ship to Norway. 好的，请稍等\n\xff\x00?")
	f.Fuzz(func(t *testing.T, s string) {
		got := joined([]string{s})
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Fatalf("%q became %q", s, got)
		}
		if len(got) > 3*len(s) {
			t.Fatalf("%q grew to %q", s, got)
		}
	})
}
