package intent

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

func readYearFirst(_ *Extractor, c candidate) (string, candidate) {
	n := numbers(c.String())
	if len(n) != 3 {
		return "", c
	}
	return date(n[0], n[1], n[2]), c
}

func readYearMonth(_ *Extractor, c candidate) (string, candidate) {
	n := numbers(c.String())
	if len(n) != 2 {
		return "", c
	}
	return month(n[0], n[1]), c
}

func readMonthDay(_ *Extractor, c candidate) (string, candidate) {
	n := numbers(c.String())
	if len(n) != 2 {
		return "", c
	}
	return date(0, n[0], n[1]), c
}

// readNamed reads "5 March 2026", "March 5th" and "Friday, 5 Mar".
func readNamed(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	n, m := numbers(s), monthNamed(s)
	if m == 0 || len(n) == 0 || ambiguousMay(c) {
		return "", c
	}
	year := int64(0)
	if len(n) > 1 {
		year = n[1]
	}
	return date(year, m, n[0]), c
}

// ambiguousMay tells "you may 20 times" from "May 20".
func ambiguousMay(c candidate) bool {
	if !strings.HasPrefix(c.String(), "may ") {
		return false
	}
	before := strings.TrimSuffix(c.text[:c.start], " ")
	switch before[strings.LastIndexByte(before, ' ')+1:] {
	case "i", "you", "we", "they", "he", "she", "it", "and", "there":
		return true
	}
	return false
}

func readNamedMonth(_ *Extractor, c candidate) (string, candidate) {
	n, m := numbers(c.String()), monthNamed(c.String())
	if m == 0 || len(n) != 1 {
		return "", c
	}
	return month(n[0], m), c
}

// readNumeric reads 31/12/2026 and 12/31/2026, by the order of the workspace if it has one.
func readNumeric(x *Extractor, c candidate) (string, candidate) {
	n := numbers(c.String())
	if n[2] < 100 {
		n[2] += 2000
	}
	return x.either(n[2], n[0], n[1]), c
}

// readShort reads 12/05 without a year.
func readShort(x *Extractor, c candidate) (string, candidate) {
	c = c.suffix("0123456789/.")
	n := numbers(c.String())
	if len(n) != 2 {
		return "", c
	}
	if strings.HasSuffix(c.String(), ".") {
		return date(0, n[1], n[0]), c
	}
	return x.either(0, n[0], n[1]), c
}

// either returns the readings of two numbers as day and month.
func (x *Extractor) either(year, first, second int64) string {
	dayFirst, monthFirst := date(year, second, first), date(year, first, second)
	switch {
	case dayFirst == "" || x.monthFirst && monthFirst != "":
		return monthFirst
	case monthFirst == "" || monthFirst == dayFirst || x.dayFirst:
		return dayFirst
	}
	return dayFirst + " or " + monthFirst
}

// readDay reads the day of "by the 15th".
func readDay(_ *Extractor, c candidate) (string, candidate) {
	c = c.suffix("0123456789stndrh")
	return dayOnly(numbers(c.String())), c
}

// readDayHan reads 15号, and 下个月10号.
func readDayHan(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	n := numbers(s)
	prefixes := map[string]string{"上": "month-1 ", "下": "month+1 ", "这": "month+0 ", "本": "month+0 "}
	for sign, period := range prefixes {
		if strings.HasPrefix(s, sign) && dayOnly(n) != "" {
			return fmt.Sprintf("%s%02d", period, n[0]), c
		}
	}
	if !strings.ContainsRune("到发下收买之前就左上晚早寄签开送才还有以后给订付去来退换申,，。？?! 、的要能可至-和", c.nextRune()) && c.follows() != "" {
		return "", c
	}
	return dayOnly(n), c
}

func dayOnly(n []int64) string {
	if len(n) != 1 || n[0] < 1 || n[0] > 31 {
		return ""
	}
	return fmt.Sprintf("---%02d", n[0])
}

// numbers returns the numbers of a text, in digits or in Chinese.
func numbers(s string) []int64 {
	var out []int64
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return !numeral(r) }) {
		out = append(out, integer(part))
	}
	return out
}

// date returns the ISO 8601 form, "--MM-DD" without a year (0), or "" where there is no such day.
func date(year, month, day int64) string {
	y := year
	if year == 0 {
		y = 2000 // a leap year: 29 February is possible until the year is known
	}
	t := time.Date(int(y), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if y < 1900 || y > 2200 || int64(t.Month()) != month || int64(t.Day()) != day {
		return ""
	}
	if year == 0 {
		return t.Format("--01-02")
	}
	return t.Format(time.DateOnly)
}

func month(year, month int64) string {
	if date(year, month, 1) == "" || year == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", year, month)
}

// monthNames has the beginnings of the months in the languages of the table; the first that fits counts, so that "mar"
// comes after "mai" and "juin" before "jui".
var monthNames = []struct {
	prefix string
	month  int64
}{
	{"jan", 1}, {"ene", 1}, {"feb", 2}, {"fev", 2}, {"mai", 5}, {"may", 5}, {"maerz", 3}, {"mar", 3}, {"apr", 4},
	{"avr", 4}, {"abr", 4}, {"juin", 6}, {"jun", 6}, {"jui", 7}, {"jul", 7}, {"aug", 8}, {"aou", 8}, {"ago", 8},
	{"sep", 9}, {"oct", 10}, {"okt", 10}, {"nov", 11}, {"dec", 12}, {"dez", 12}, {"dic", 12},
}

// monthNamed returns the first month that s names, 0 if none.
func monthNamed(s string) int64 {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		for _, m := range monthNames {
			if strings.HasPrefix(word, m.prefix) && !strings.HasSuffix(word, "day") {
				return m.month
			}
		}
	}
	return 0
}
