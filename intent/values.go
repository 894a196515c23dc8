package intent

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The functions below normalise what a pattern matched; groups holds the whole match and then its groups.

func lower(s string, _ []string) string { return strings.ToLower(s) }

func order(s string, _ []string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

func amountBefore(_ string, groups []string) string { return amount(groups[2], groups[1]) }

func amountAfter(_ string, groups []string) string { return amount(groups[1], groups[2]) }

// amount writes a number with a point and two decimals where it has any, and the code of its currency. The sign ¥ is
// read as the Chinese one, the dollar as the American one: a message says no more.
func amount(number, currency string) string {
	if i := strings.LastIndexByte(number, ','); i >= 0 && len(number)-i <= 3 {
		number = number[:i] + "." + number[i+1:]
	}
	number = strings.ReplaceAll(number, ",", "")
	if i := strings.IndexByte(number, '.'); i >= 0 && len(number)-i == 2 {
		number += "0"
	}
	return number + " " + code(strings.ToLower(currency))
}

func code(currency string) string {
	switch currency {
	case "$", "us$", "dollar", "dollars", "bucks", "美元":
		return "USD"
	case "€", "euro", "euros", "欧元":
		return "EUR"
	case "£", "pound", "pounds", "英镑":
		return "GBP"
	case "¥", "rmb", "yuan", "元", "块", "块钱":
		return "CNY"
	case "日元":
		return "JPY"
	}
	return strings.ToUpper(currency)
}

func yearFirst(_ string, g []string) string { return date(g[1], g[2], g[3]) }

func monthDay(_ string, g []string) string { return date("", g[1], g[2]) }

func monthFirst(_ string, g []string) string { return date(g[3], monthNumber(g[1]), g[2]) }

func dayFirst(_ string, g []string) string { return date(g[3], monthNumber(g[2]), g[1]) }

// numeric reads 31/12/2026 and 12/31/2026. Where both readings are possible the day comes first, as in most countries.
func numeric(_ string, g []string) string {
	if value := date(g[3], g[2], g[1]); value != "" {
		return value
	}
	return date(g[3], g[1], g[2])
}

func relative(s string, _ []string) string {
	switch strings.ToLower(s) {
	case "today", "今天":
		return "today"
	case "tomorrow", "明天":
		return "tomorrow"
	case "yesterday", "昨天":
		return "yesterday"
	case "the day after tomorrow", "后天":
		return "today+2"
	case "前天":
		return "today-2"
	}
	return ""
}

// date returns the ISO 8601 form, "--MM-DD" without a year, or "" where there is no such day.
func date(year, month, day string) string {
	y, err := strconv.Atoi(year)
	if err != nil {
		y = 2000 // a leap year: 29 February is possible until the year is known
	}
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < 1900 || y > 2200 || int(t.Month()) != m || t.Day() != d {
		return ""
	}
	if year == "" {
		return fmt.Sprintf("--%02d-%02d", m, d)
	}
	return t.Format(time.DateOnly)
}

func monthNumber(name string) string {
	if len(name) < 3 {
		return ""
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(name[:3]))
	return strconv.Itoa(i/3 + 1)
}
