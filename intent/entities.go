package intent

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// The kinds of entity that [Entities] finds in any workspace.
const (
	KindOrderNumber = "order_number" // letters in upper case, without a leading #: "HR-10423"
	KindEmail       = "email"        // in lower case
	KindPhone       = "phone"        // E.164 where the country is known, else the digits as written
	KindDate        = "date"         // "2026-03-05", "--03-05" without a year, or relative: "tomorrow"
	KindAmount      = "amount"       // number and ISO 4217 currency: "19.90 EUR"
)

// Entity is something a message names. Text is message[Start:End]; Value is its normalised form.
type Entity struct {
	Kind  string
	Value string
	Text  string
	Start int // bytes
	End   int // bytes
}

// finder looks for one kind of entity in a folded text. The group named entity is the entity, or else the whole match;
// value normalises it and returns "" to reject it.
type finder struct {
	kind    string
	pattern *regexp.Regexp
	value   func(s string, groups []string) string
}

// Entities finds the entities of a message, in order of their place; their spans do not overlap. Where two readings
// overlap, the kind that is harder to write by accident wins: an e-mail address over an order number over a date, and
// all of them over a bare phone number.
func Entities(message string) []Entity {
	folded, offsets := fold(message)
	var found []Entity
	for _, f := range finders {
		for _, at := range f.pattern.FindAllStringSubmatchIndex(folded, -1) {
			start, end := at[0], at[1]
			if g := f.pattern.SubexpIndex("entity"); g > 0 {
				start, end = at[2*g], at[2*g+1]
			}
			if !bounded(folded, start, end) {
				continue
			}
			value := f.value(folded[start:end], groups(folded, at))
			e := Entity{Kind: f.kind, Value: value, Start: offsets[start], End: offsets[end]}
			if value != "" && e.Start < e.End && !overlaps(found, e) {
				e.Text = message[e.Start:e.End]
				found = append(found, e)
			}
		}
	}
	slices.SortFunc(found, func(a, b Entity) int { return cmp.Compare(a.Start, b.Start) })
	return found
}

// fold replaces full-width forms by plain ones, and returns for every byte of the folded text, and for its end, the
// offset in s of the character it came from.
func fold(s string) (string, []int) {
	var b strings.Builder
	var offsets []int
	for i, r := range s {
		part := string(r)
		switch {
		case r >= 0xFF01 && r <= 0xFF5E || r == 0xFFE5 || r == 0xFFE1 || r == 0x3000:
			part = norm.NFKC.String(part)
		case r == '–' || r == '—' || r == '‑' || r == '−':
			part = "-"
		case r == utf8.RuneError:
			part = " "
		}
		b.WriteString(part)
		for range len(part) {
			offsets = append(offsets, i)
		}
	}
	return b.String(), append(offsets, len(s))
}

// bounded reports whether an entity does not start or end in the middle of a Latin word or of a number. Han characters
// may touch it, because Chinese is written without spaces.
func bounded(s string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:start])
	first, _ := utf8.DecodeRuneInString(s[start:])
	last, _ := utf8.DecodeLastRuneInString(s[:end])
	after, _ := utf8.DecodeRuneInString(s[end:])
	return !(alphanumeric(before) && alphanumeric(first)) && !(alphanumeric(last) && alphanumeric(after))
}

func alphanumeric(r rune) bool {
	return r != utf8.RuneError && (unicode.IsDigit(r) || unicode.Is(unicode.Latin, r))
}

func groups(s string, at []int) []string {
	out := make([]string, 0, len(at)/2)
	for i := 0; i+1 < len(at); i += 2 {
		g := ""
		if at[i] >= 0 {
			g = s[at[i]:at[i+1]]
		}
		out = append(out, g)
	}
	return out
}

func overlaps(found []Entity, e Entity) bool {
	return slices.ContainsFunc(found, func(f Entity) bool { return e.Start < f.End && f.Start < e.End })
}

// phone accepts a candidate that is a possible number of its country, or that has the length of a mobile number of
// China, the one country whose customers write it without a prefix often enough to be worth the guess.
func phone(s string, _ []string) string {
	if n, err := phonenumbers.Parse(s, "ZZ"); err == nil && phonenumbers.IsValidNumber(n) {
		return phonenumbers.Format(n, phonenumbers.E164)
	}
	digits := strings.Map(digitsOnly, s)
	if len(digits) == 11 && digits[0] == '1' {
		if n, err := phonenumbers.Parse(digits, "CN"); err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	// Written in groups, a run of digits is a phone number; unbroken, it may be anything.
	if grouped := strings.ContainsAny(strings.Trim(s, "+"), " -()."); grouped && len(digits) >= 9 && len(digits) <= 15 {
		return digits
	}
	return ""
}

func digitsOnly(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}
