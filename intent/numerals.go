package intent

import (
	"strconv"
	"strings"
)

// hanDigits and hanUnits are the numerals of everyday Chinese.
var (
	hanDigits = map[rune]int64{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	hanUnits  = map[rune]int64{'十': 10, '百': 100, '千': 1000, '万': 1e4, '亿': 1e8}
)

// hanNumber reads 三百, 十二, 两千五, 一千零五 and 二〇二六; ok is false for anything else.
func hanNumber(s string) (n int64, ok bool) {
	if strings.IndexFunc(s, func(r rune) bool { return hanUnits[r] > 0 }) < 0 {
		return hanSpelled(s)
	}
	var total, section, digit, unit int64
	zero := false
	for _, r := range s {
		d, isDigit := hanDigits[r]
		u := hanUnits[r]
		switch {
		case isDigit:
			digit, zero = d, zero || d == 0
		case u >= 1e4:
			total, section, digit = (total+max(section+digit, 1))*u, 0, 0
			unit, zero = u, false
		case u > 0:
			section += max(digit, 1) * u
			digit, unit, zero = 0, u, false
		default:
			return 0, false
		}
	}
	// The last digit of 两千五 counts hundreds, that of 两千零五 ones.
	if digit > 0 && unit >= 100 && !zero {
		digit *= unit / 10
	}
	return total + section + digit, true
}

// hanSpelled reads numerals digit by digit: 二〇二六.
func hanSpelled(s string) (n int64, ok bool) {
	for _, r := range s {
		d, isDigit := hanDigits[r]
		if !isDigit || n > 1e12 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, s != ""
}

// integer reads digits or Chinese numerals; -1 if s is neither.
func integer(s string) int64 {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if n, ok := hanNumber(s); ok {
		return n
	}
	return -1
}

// smallWords are the English numerals up to twenty; tens has the rest.
var (
	smallWords = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen " +
		"fifteen sixteen seventeen eighteen nineteen")
	tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
)

// wordNumber reads "two hundred and fifty"; -1 if a word is no numeral.
func wordNumber(s string) int64 {
	var total, n int64
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' }) {
		switch w {
		case "and":
		case "a", "an":
			n = 1
		case "hundred":
			n = max(n, 1) * 100
		case "thousand":
			total, n = total+max(n, 1)*1000, 0
		default:
			d := wordDigit(w)
			if d < 0 || n > 1e9 {
				return -1
			}
			n += d
		}
	}
	return total + n
}

func wordDigit(w string) int64 {
	for i, word := range smallWords {
		if w == word {
			return int64(i)
		}
	}
	for i, word := range tens {
		if w == word {
			return int64(10 * i)
		}
	}
	return -1
}
