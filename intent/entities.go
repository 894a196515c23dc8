package intent

import (
	"cmp"
	"slices"
	"strings"
)

// The kinds of entity that are found in any workspace, and KindProduct, which needs a list: see [EntityConfig].
const (
	KindOrderNumber = "order_number" // of an order, parcel or invoice; upper case, without a leading #: "HR-10423"
	KindEmail       = "email"        // in lower case
	KindPhone       = "phone"        // E.164 where the country is known, else the digits as written
	KindDate        = "date"         // see [Entity]
	KindAmount      = "amount"       // number and ISO 4217 currency: "19.90 EUR"; a range: "20-30 EUR"
	KindProduct     = "product"      // the product's name as the list has it
)

// Entity is something a message names. Text is message[Start:End]; Value is its normalised form.
//
// Dates are "2026-03-05", "--03-05" without a year, "---05" without a month, or "2026-03" without a day. Where day and
// month may be exchanged both readings stand in the value, day first: "2026-05-12 or 2026-12-05". Relative dates count
// from the day of the message: "today", "tomorrow", "today-3"; "friday" is the next one to come, "next friday" and
// "last friday" leave to the reader what English leaves open; "week-1", "month+1" and "year-1" are whole periods, of
// which "week-1 friday" is one day.
type Entity struct {
	Kind  string
	Value string
	Text  string
	Start int // bytes
	End   int // bytes
}

// Entities finds the entities of a message with the settings that ship: no products, and the country of a phone number
// only from its prefix or from the language. See [Extractor.Entities].
func Entities(message string) []Entity { return plainExtractor().Entities(message) }

// Entities finds the entities of a message, in order of their place; their spans do not overlap and never cut a
// character. Where two readings overlap, the kind that is harder to write by accident wins: an e-mail address over the
// workspace's own order numbers, then products, amounts, dates, other order numbers, and phone numbers. Version numbers,
// percentages, times and web addresses are none.
func (x *Extractor) Entities(message string) []Entity {
	t := fold(message)
	found := emails(t.text)
	found = append(found, x.ownOrders(t.text)...)
	found = append(found, x.products(t.text)...)
	found = append(found, x.scan(t.text)...)
	taken := make([]bool, len(t.text))
	var out []Entity
	for _, f := range found {
		if slices.Contains(taken[f.Start:f.End], true) {
			continue
		}
		for i := f.Start; i < f.End; i++ {
			taken[i] = true
		}
		if f.Kind != kindNothing {
			f.Start, f.End = t.offset(f.Start), t.offset(f.End)
			f.Text = message[f.Start:f.End]
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Entity) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

// emails finds addresses around the sign @. Its parts are bounded as the standard bounds them, so that a line of signs
// costs no more than a line of words.
func emails(s string) []Entity {
	var found []Entity
	for at := strings.IndexByte(s, '@'); at >= 0; {
		start, end := at, at+1
		for start > 0 && at-start < 64 && (addressByte(s[start-1]) || strings.IndexByte("+_%", s[start-1]) >= 0) {
			start--
		}
		for end < len(s) && end-at < 255 && addressByte(s[end]) {
			end++
		}
		start += len(s[start:at]) - len(strings.TrimLeft(s[start:at], ".-+_%"))
		end -= len(s[at:end]) - len(strings.TrimRight(s[at:end], ".-"))
		if domain := s[min(at+1, end):end]; start < at && domainName(domain) {
			found = append(found, Entity{Kind: KindEmail, Value: s[start:end], Start: start, End: end})
		}
		i := strings.IndexByte(s[at+1:], '@')
		if i < 0 {
			break
		}
		at += 1 + i
	}
	return found
}

func addressByte(b byte) bool {
	return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '.' || b == '-'
}

// domainName reports whether s has two parts at least, the last of two letters at least.
func domainName(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 1 || len(s)-dot < 3 || s[0] == '.' || s[0] == '-' || strings.Contains(s, "..") {
		return false
	}
	return strings.IndexFunc(s[dot+1:], func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}
