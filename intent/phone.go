package intent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// country guesses the country of a number without prefix from the script of the message, where most who write it live
// in one. Languages in Latin script are too easily taken for each other in a short message.
func country(message string) string {
	found := ""
	for _, r := range message {
		switch {
		case r < 0x400:
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			return "JP"
		case unicode.Is(unicode.Hangul, r):
			return "KR"
		case unicode.Is(unicode.Cyrillic, r):
			return "RU"
		case unicode.Is(unicode.Han, r):
			found = "CN"
		}
	}
	return found
}

// readPhone accepts what libphonenumber holds for a valid number of the country, or digits written in groups as only
// telephone numbers are.
func readPhone(x *Extractor, c candidate) (string, candidate) {
	s := c.String()
	if r, _ := utf8.DecodeRuneInString(strings.TrimLeft(c.follows(), " ")); digit(r) || precededByDigits(c) {
		return "", c // part of a card or account number
	}
	if value := x.e164(c.text, s); value != "" {
		return value, c
	}
	d := digits(s)
	if grouped := strings.ContainsAny(s, " -()."); grouped && len(d) >= 9 && len(d) <= 15 && evenGroups(s) {
		if s[0] == '+' {
			d = "+" + d
		}
		return d, c
	}
	return "", c
}

// precededByDigits reports whether a number goes on to the left of the candidate.
func precededByDigits(c candidate) bool {
	before := strings.TrimRight(c.text[:c.start], " -")
	return before != "" && isDigit(before[len(before)-1]) && c.text[c.start] != '+'
}

// readPhoneAfter accepts any digits that the message itself calls a telephone number.
func readPhoneAfter(x *Extractor, c candidate) (string, candidate) {
	c = c.suffix("+0123456789")
	if value := x.e164(c.text, c.String()); value != "" {
		return value, c
	}
	if d := digits(c.String()); len(d) >= 9 {
		return d, c
	}
	return "", c
}

// e164 parses a number; "" if it is none. A mobile number of China is known by its eleven digits.
func (x *Extractor) e164(message, s string) string {
	region := x.region
	if region == "" {
		region = country(message)
	}
	d := digits(s)
	switch {
	case strings.HasPrefix(s, "00"):
		s, region = "+"+s[2:], "ZZ"
	case strings.HasPrefix(s, "+"):
		region = "ZZ"
	case len(d) == 11 && d[0] == '1' && d[1] >= '3':
		region = "CN"
	case region == "" || len(d) < 8 || region == "CN" && !chineseLandline(s):
		return ""
	}
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// chineseLandline reports whether a number is written with its area or service code apart: other runs of digits are
// order numbers far more often.
func chineseLandline(s string) bool {
	return strings.ContainsAny(s, "- ()") && (s[0] == '0' || s[0] == '(' || strings.HasPrefix(s, "400") || strings.HasPrefix(s, "800"))
}

// evenGroups refuses rows of single digits and prices, which are no telephone number.
func evenGroups(s string) bool {
	groups := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	long := 0
	for _, g := range groups {
		if len(g) >= 3 {
			long++
		}
	}
	return len(groups) <= 6 && (long >= 2 || strings.HasPrefix(s, "+"))
}
