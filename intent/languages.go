package intent

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// findWrongLanguages finds codes that are none, and texts in a script that their language is not written in.
func (r *reading) findWrongLanguages() {
	told := map[string]bool{}
	for _, e := range r.examples {
		f := Finding{Kind: KindLanguage, Line: e.line, Intent: e.Intent, Text: e.Text}
		switch code := languageCode(e.Lang); {
		case e.line == 0:
			continue
		case code != e.Lang:
			if told[e.Lang] {
				continue
			}
			told[e.Lang] = true
			f.Severity = SeverityError
			f.Message = fmt.Sprintf("%q is no language code: use the two letters of ISO 639-1%s", e.Lang, suggestion(code))
		case wrongScript(e.Text, e.Lang):
			f.Severity = SeverityWarning
			f.Message = fmt.Sprintf("the example %q stands under the language %q: put it under its own", e.Text, e.Lang)
		default:
			continue
		}
		r.findings = append(r.findings, f)
	}
}

// languageCode returns the ISO 639-1 code that is meant, or "" where none can be told.
func languageCode(written string) string {
	if base, err := language.ParseBase(written); err == nil && len(base.String()) == 2 {
		return base.String()
	}
	common := map[string]string{"cn": "zh", "chinese": "zh", "zh-cn": "zh", "zh_cn": "zh", "english": "en", "en-us": "en",
		"en_us": "en", "en-gb": "en", "jp": "ja", "japanese": "ja", "german": "de", "deutsch": "de", "french": "fr", "spanish": "es"}
	return common[strings.ToLower(written)]
}

func suggestion(code string) string {
	if code == "" {
		return ", such as en or zh"
	}
	return fmt.Sprintf(", here %s", code)
}

// wrongScript reports whether a text of some length is written in ideographs, kana or Hangul although its language is
// not, or the other way round.
func wrongScript(s, lang string) bool {
	eastern, other := 0, 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			eastern++
		case unicode.IsLetter(r):
			other++
		}
	}
	if slices.Contains([]string{"zh", "ja", "ko"}, lang) {
		return eastern == 0 && len(strings.Fields(s)) >= 3
	}
	return eastern >= 3 && eastern > other
}
