package intent_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/intent"
	"handrail/internal/errs"
)

func upload(format intent.Format, text string) intent.Upload {
	return intent.Upload{Format: format, Text: text}
}

func TestUploadReadsCSV(t *testing.T) {
	t.Parallel()
	want := []intent.Example{{Text: "where, oh where is it", Intent: "order_status", Lang: "en"},
		{Text: "我要退款", Intent: "refund", Lang: "zh"}, {Text: "who painted it\nand when", Intent: "oos", Lang: "en"}}
	for name, text := range map[string]string{
		"plain":         "text,intent,lang\n\"where, oh where is it\",order_status,en\n我要退款,refund,\n\"who painted it\nand when\",oos,en\n",
		"other order":   "id,Intent,Text\n1,order_status,\"where, oh where is it\"\n2,refund,我要退款\n3,oos,\"who painted it\nand when\"\n",
		"byte order":    "\ufefftext,intent\r\n\"where, oh where is it\",order_status\r\n我要退款,refund\r\n\r\n\"who painted it\nand when\",OOS\r\n",
		"semicolons":    "text;intent\nwhere, oh where is it;order_status\n我要退款;refund\n\"who painted it\nand when\";oos\n",
		"names as said": "text\tintent\nwhere, oh where is it\tOrder Status\n我要退款\tREFUND\n\"who painted it\nand when\"\toos\n",
	} {
		got, err := upload(intent.FormatCSV, text).Examples()
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

func TestUploadNamesTheLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		format intent.Format
		text   string
		want   string
	}{
		{"nothing", intent.FormatCSV, " \n", "there is nothing in it"},
		{"header alone", intent.FormatCSV, "text,intent\n", "there is no example in it"},
		{"unknown format", "xml", "<x/>", `the format "xml" is unknown`},
		{"UTF-16", intent.FormatCSV, "\xff\xfet\x00", "line 1: the file is UTF-16"},
		{"Latin-1", intent.FormatCSV, "text,intent\nhi,greeting\nSch\xf6n,greeting\n", "line 3: the line is not valid UTF-8"},
		{"binary", intent.FormatJSONL, "{}\n\x00", "line 2: the file holds binary data"},
		{"no header", intent.FormatCSV, "hi,greeting\n", `line 1: the header is "hi,greeting": it must name the columns text and intent`},
		{"no intent", intent.FormatCSV, "text,intent\nhi\n", "line 2: the field intent is missing"},
		{"open quotation", intent.FormatCSV, "text,intent\n\"hi,greeting\nhello,greeting\n", "line 2: the line is not CSV: a quotation mark stands alone"},
		{"bad name", intent.FormatCSV, "text,intent\nhi,问候\n", `line 2: intent name "问候": use lower-case letters`},
		{"not JSON", intent.FormatJSONL, "{\"text\":\"hi\",\"intent\":\"a\"}\n\nhi\n", "line 3: the line is not like {\"text\""},
		{"a field of another kind", intent.FormatJSONL, `{"text":5,"intent":"a"}`, "line 1: the line is not like"},
		{"no text", intent.FormatJSONL, `{"intent":"a"}`, "line 1: the field text is missing"},
		{"zero character", intent.FormatJSONL, `{"text":"a\u0000","intent":"a"}`, "line 1: the text holds a zero character"},
		{"zero in YAML", intent.FormatYAML, "intents:\n- name: a\n  examples: {en: [\"x\\0\"]}", "line 3: the text holds a zero character"},
		{"several", intent.FormatCSV, "text,intent\nhi,\n,\n", "line 2: the field intent is missing: every example needs text and intent (oos = none of the intents)\nline 3:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := upload(test.format, test.text).Examples()
			require.Equal(t, errs.Invalid, errs.KindOf(err))
			require.Contains(t, errs.Public(err), test.want)
		})
	}
}

// textLike generates anything that a message may hold and that survives the trimming of white space.
func textLike() *rapid.Generator[string] {
	anything := rapid.StringOfN(rapid.RuneFrom([]rune("aZ0 ,;\t\"'\n{}[]:#-?你好é🙂\u00a0"), unicode.Latin, unicode.Han), 1, 40, -1)
	return rapid.Map(anything, strings.TrimSpace).Filter(func(s string) bool { return s != "" })
}

func TestUploadReadsWhatOthersWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) intent.Example {
			return intent.Example{Text: textLike().Draw(t, "text"), Lang: rapid.SampledFrom([]string{"en", "zh"}).Draw(t, "lang"),
				Intent: rapid.StringMatching(`[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,3})?`).Draw(t, "intent")}
		}), 1, 20).Draw(t, "examples")
		var table, lines bytes.Buffer
		w := csv.NewWriter(&table)
		require.NoError(t, w.Write([]string{"lang", "text", "intent"}))
		for _, e := range want {
			require.NoError(t, w.Write([]string{e.Lang, e.Text, e.Intent}))
			require.NoError(t, json.NewEncoder(&lines).Encode(map[string]string{"text": e.Text, "intent": e.Intent, "lang": e.Lang}))
		}
		w.Flush()
		got, err := upload(intent.FormatCSV, table.String()).Examples()
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = upload(intent.FormatJSONL, lines.String()).Examples()
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func FuzzUpload(f *testing.F) {
	f.Add("csv", "text,intent\nhi,greeting\n\"a\nb\",c\n")
	f.Add("jsonl", `{"text":"hi","intent":"greeting"}`)
	f.Add("yaml", "intents:\n- &a\n  name: a\n  examples: {en: [x, y]}\n- *a\n")
	f.Fuzz(func(t *testing.T, format, text string) {
		u := upload(intent.Format(format), text)
		examples, err := u.Examples()
		if err != nil {
			require.Equal(t, errs.Invalid, errs.KindOf(err))
			return
		}
		for _, e := range examples {
			require.NotEmpty(t, e.Intent)
			require.NotContains(t, e.Text, "\x00")
		}
	})
}

func TestCatalogIsReadBackFromItsYAML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want intent.Catalog
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-np-z][a-z_0-9]{0,4}`), 1, 4, rapid.ID).Draw(t, "names")
		for i, name := range names {
			want.Intents = append(want.Intents, intent.Intent{Name: name, Policy: intent.PolicyClarify, Threshold: 0.5,
				Description: textLike().Draw(t, "description"), Label: map[string]string{"no": textLike().Draw(t, "label")},
				Examples: map[string][]string{"en": {"example " + strings.Repeat("x", i+1) + " " + textLike().Draw(t, "example")}}})
		}
		yaml, err := want.YAML()
		require.NoError(t, err)
		got, err := intent.LoadCatalog(strings.NewReader(yaml))
		require.NoError(t, err, yaml)
		require.Equal(t, want, got, yaml)
	})
}
