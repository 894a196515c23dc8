package intent

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// readAmountHan reads 200元, 三百块, 1.2万元, 三块五, ¥880 and 5毛.
func readAmountHan(_ *Extractor, c candidate) (string, candidate) {
	s := strings.TrimSuffix(c.String(), "钱")
	currency := "CNY"
	for _, prefix := range []string{"人民币", "rmb", "¥"} {
		s = strings.TrimPrefix(s, prefix)
	}
	s = strings.TrimSpace(s)
	number, rest := leadingNumber(s)
	value, decimals, ok := hanDecimal(number)
	if !ok {
		return "", c
	}
	rest = strings.TrimLeft(rest, "多来 ")
	unit, jiao := withChange(rest)
	switch {
	case unit == "毛" || unit == "角":
		return fmt.Sprintf("%.2f %s", value/10, currency), c
	case jiao != "":
		if counts(c.follows()) {
			_, size := utf8.DecodeLastRuneInString(c.String())
			c.end -= size
			return money(number, 1, "", currency), c
		}
		return fmt.Sprintf("%.2f %s", value+change(jiao), currency), c
	case unit != "":
		currency = code(unit)
	}
	if currency == "" || number == "一" && unit == "块" && !strings.HasSuffix(c.String(), "钱") && !endsClause(c.follows()) {
		return "", c
	}
	if decimals {
		return fmt.Sprintf("%.2f %s", value, currency), c
	}
	return fmt.Sprintf("%.0f %s", value, currency), c
}

// leadingNumber splits a number in digits, Chinese or both (3百, 1.2万) from what follows.
func leadingNumber(s string) (number, rest string) {
	i := strings.IndexFunc(s, func(r rune) bool { return !numeral(r) && r != '.' && r != ',' })
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

// hanDecimal reads a number in digits, Chinese or both.
func hanDecimal(s string) (value float64, decimals, ok bool) {
	if s == "" {
		return 0, false, false
	}
	if s[0] < '0' || s[0] > '9' {
		n, ok := hanNumber(s)
		return float64(n), false, ok
	}
	last, size := utf8.DecodeLastRuneInString(s)
	if unit := hanUnits[last]; unit > 0 {
		value, _ = decimal(s[:len(s)-size])
		value *= float64(unit)
		return value, value != float64(int64(value)), true
	}
	value, decimals = decimal(s)
	return value, decimals, true
}

// withChange parts the currency of 三块五毛 from the change after it.
func withChange(s string) (unit, change string) {
	for _, u := range []string{"块", "元"} {
		if rest, ok := strings.CutPrefix(s, u); ok && rest != "" && rest != "钱" {
			return u, rest
		}
	}
	return s, ""
}

// change reads the tenths and hundredths after 块: 五, 五毛, 零五.
func change(s string) float64 {
	place := 0.1
	var value float64
	for _, r := range s {
		d, ok := hanDigits[r]
		if r >= '0' && r <= '9' {
			d, ok = int64(r-'0'), true
		}
		if ok {
			value += float64(d) * place
			place /= 10
		}
	}
	return value
}

// counts reports whether a number before s belongs to what s counts: the 2 of 99块2个.
func counts(s string) bool {
	if strings.HasPrefix(s, "包邮") {
		return false // 9块9包邮
	}
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("个件张条双套次天年月号瓶盒包只台本份人位米折点周斤袋箱片支", r) || r >= '0' && r <= '9'
}

// endsClause reports whether s begins with what may follow a price, not a thing that 一块 counts.
func endsClause(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s == "" || strings.ContainsRune(" ,.，。！!?？;；、\n吗吧呢啊的", r)
}
