package intent

import (
	"fmt"
	"strings"
)

// readAgo reads "three days ago", "in two weeks" and 三天后.
func readAgo(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	sign := "-"
	if strings.HasPrefix(s, "in ") || strings.HasSuffix(s, "后") {
		sign = "+"
	}
	n, unit := howMany(s)
	switch {
	case n < 0:
		return "", c
	case strings.Contains(s, "半"):
		return "today" + sign + halfOf(unit), c
	case unit == "week":
		n, unit = 7*n, "today"
	}
	return fmt.Sprintf("%s%s%d", unit, sign, n), c
}

// halfOf returns half of a period in days.
func halfOf(unit string) string {
	switch unit {
	case "month":
		return "15"
	case "year":
		return "182"
	}
	return "0"
}

// howMany returns how many of which period s names; days count from "today".
func howMany(s string) (n int64, unit string) {
	unit = "today"
	for _, u := range []struct{ word, unit string }{{"week", "week"}, {"周", "week"}, {"星期", "week"}, {"礼拜", "week"},
		{"month", "month"}, {"月", "month"}, {"year", "year"}, {"年", "year"}} {
		if strings.Contains(s, u.word) {
			unit = u.unit
			break
		}
	}
	if found := numbers(s); len(found) > 0 {
		return found[0], unit
	}
	if strings.Contains(s, "半") {
		return 0, unit
	}
	if strings.Contains(s, "couple") {
		return 2, unit
	}
	for _, word := range strings.Fields(s) {
		if n := wordNumber(word); n > 0 {
			return n, unit
		}
	}
	return -1, unit
}

// weekdays are found by their first two letters, and by the Chinese numeral.
var weekdays = []struct{ english, han, name string }{
	{"mo", "一", "monday"}, {"tu", "二", "tuesday"}, {"we", "三", "wednesday"}, {"th", "四", "thursday"},
	{"fr", "五", "friday"}, {"sa", "六", "saturday"}, {"su", "日", "sunday"}, {"su", "天", "sunday"},
}

// readWeekday reads "next Friday", "Friday" and 上周五.
func readWeekday(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	words := strings.Fields(s)
	last := words[len(words)-1]
	for _, day := range weekdays {
		switch {
		case strings.HasSuffix(s, day.han):
			if period := weeks(s); period != "" {
				return period + " " + day.name, c
			}
			return day.name, c
		case !strings.HasPrefix(last, day.english):
		case words[0] == "next":
			return "next " + day.name, c
		case words[0] == "last" || words[0] == "past":
			return "last " + day.name, c
		default:
			return day.name, c
		}
	}
	return "", c
}

// weeks returns which week 上, 下, 这 and 本 stand for; "" without any of them.
func weeks(s string) string {
	switch {
	case strings.HasPrefix(s, "上上"):
		return "week-2"
	case strings.HasPrefix(s, "上"):
		return "week-1"
	case strings.HasPrefix(s, "下下"):
		return "week+2"
	case strings.HasPrefix(s, "下"):
		return "week+1"
	case strings.HasPrefix(s, "这"), strings.HasPrefix(s, "本"):
		return "week+0"
	}
	return ""
}

// readPeriod reads "last month", 上个月 and 去年.
func readPeriod(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	switch s {
	case "去年":
		return "year-1", c
	case "明年":
		return "year+1", c
	case "前年":
		return "year-2", c
	case "周末":
		return "weekend+0", c
	}
	if which, period, ok := strings.Cut(s, " "); ok {
		shift := map[string]string{"last": "-1", "past": "-1", "next": "+1", "this": "+0", "coming": "+0"}[which]
		return period + shift, c
	}
	shift := strings.TrimPrefix(weeks(s), "week")
	period := "week"
	switch {
	case strings.Contains(s, "月"):
		period = "month"
	case strings.HasSuffix(s, "末"):
		period = "weekend"
	}
	return period + shift, c
}
