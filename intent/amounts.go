package intent

import (
	"fmt"
	"strings"
	"unicode"
)

// readAmount reads "$12.50", "12,50 €", "USD 20" and "20 bucks".
func readAmount(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	first := strings.IndexFunc(s, unicode.IsDigit)
	last := strings.LastIndexFunc(s, unicode.IsDigit) + 1
	before, after := strings.TrimSpace(s[:first]), strings.TrimSpace(s[last:])
	scale, rest := thousands(after)
	currency := code(before + rest)
	if currency == "" || weight(c, rest) {
		return "", c
	}
	return money(s[first:last], scale, rest, currency), c
}

// thousands splits the k or m of "$1.5k" from the currency.
func thousands(s string) (scale float64, rest string) {
	switch {
	case s == "k" || strings.HasPrefix(s, "k "):
		return 1e3, strings.TrimSpace(s[1:])
	case s == "m":
		return 1e6, ""
	}
	return 1, s
}

// weight tells pounds of coffee from pounds of money.
func weight(c candidate, currency string) bool {
	return strings.HasPrefix(currency, "pound") && strings.HasPrefix(c.follows(), " of ")
}

// money writes a number with a point, two decimals where it has any, and its currency.
func money(number string, scale float64, unit, currency string) string {
	if strings.HasPrefix(unit, "cent") {
		scale = 0.01
	}
	value, decimals := decimal(number)
	if scale != 1 {
		value *= scale
		decimals = value != float64(int64(value))
	}
	if decimals {
		return fmt.Sprintf("%.2f %s", value, currency)
	}
	return fmt.Sprintf("%.0f %s", value, currency)
}

// decimal reads a number as any country writes it: the last of its signs begins the decimals if at most two digits
// follow, and else the signs group thousands.
func decimal(s string) (value float64, decimals bool) {
	s = strings.ReplaceAll(s, " ", "")
	whole, fraction := s, ""
	if i := strings.LastIndexAny(s, ".,"); i >= 0 && len(s)-i <= 3 {
		whole, fraction = s[:i], s[i+1:]
	}
	for _, d := range digits(whole) {
		value = value*10 + float64(d-'0')
	}
	place := 0.1
	for _, d := range fraction {
		value += float64(d-'0') * place
		place /= 10
	}
	return value, fraction != ""
}

// readRange reads "$20-30" and 100到200元 as one amount.
func readRange(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	parts := strings.FieldsFunc(strings.NewReplacer("到", "-", "至", "-", "~", "-", " to ", "-").Replace(s), isHyphen)
	if len(parts) != 2 {
		return "", c
	}
	from, to := strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])
	before := strings.TrimRightFunc(from[:max(strings.IndexFunc(from, numeral), 0)], unicode.IsSpace)
	after := strings.TrimSpace(strings.TrimLeftFunc(to, func(r rune) bool { return numeral(r) || r == '.' || r == ',' }))
	low, high := plainNumber(strings.TrimPrefix(from, before)), plainNumber(strings.TrimSuffix(to, after))
	currency := code(before + after)
	if low == "" || high == "" || currency == "" {
		return "", c
	}
	return low + "-" + high + " " + currency, c
}

func isHyphen(r rune) bool { return r == '-' }

// numeral reports whether a character is part of a number in digits or in Chinese.
func numeral(r rune) bool {
	_, digit := hanDigits[r]
	return digit || hanUnits[r] > 0 || r >= '0' && r <= '9'
}

// plainNumber writes a number of either kind with a point; "" if it is none.
func plainNumber(s string) string {
	s = strings.TrimSpace(s)
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		return strings.TrimSuffix(money(s, 1, "", ""), " ")
	}
	if n, ok := hanNumber(s); ok {
		return fmt.Sprint(n)
	}
	return ""
}

// readAmountWords reads "two hundred and fifty pounds".
func readAmountWords(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	last := strings.LastIndexByte(s, ' ')
	n, unit := wordNumber(s[:last]), s[last+1:]
	if n < 0 || weight(c, unit) {
		return "", c
	}
	return money(fmt.Sprint(n), 1, unit, code(unit)), c
}

// code returns the currency of a sign or word. The dollar is the American one and ¥ the Chinese one where nothing tells
// them apart.
func code(unit string) string {
	switch unit = strings.TrimSuffix(strings.TrimSpace(unit), "钱"); unit {
	case "$", "us$", "dollar", "dollars", "buck", "bucks", "cent", "cents", "美元", "美金", "美刀", "刀":
		return "USD"
	case "€", "euro", "euros", "欧元", "欧":
		return "EUR"
	case "£", "pound", "pounds", "quid", "英镑", "镑":
		return "GBP"
	case "¥", "rmb", "yuan", "元", "圆", "块", "人民币":
		return "CNY"
	case "yen", "日元", "日圆":
		return "JPY"
	case "hk$", "港币", "港元":
		return "HKD"
	case "nt$", "台币", "新台币":
		return "TWD"
	case "a$", "au$", "澳元":
		return "AUD"
	case "c$", "ca$", "加元":
		return "CAD"
	case "s$", "sg$":
		return "SGD"
	}
	return otherCode(unit)
}

func otherCode(unit string) string {
	switch unit {
	case "nz$":
		return "NZD"
	case "r$":
		return "BRL"
	case "₩", "won", "韩元":
		return "KRW"
	case "₽", "卢布":
		return "RUB"
	case "₹", "rupee", "rupees":
		return "INR"
	case "franc", "francs":
		return "CHF"
	case "peso", "pesos":
		return "MXN"
	}
	if len(unit) == 3 && strings.IndexFunc(unit, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
		return strings.ToUpper(unit)
	}
	return ""
}
