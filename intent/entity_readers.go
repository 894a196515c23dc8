package intent

import "strings"

// entityReaders has a reader for every label of the table that is not a value itself.
var entityReaders = map[string]entityReader{
	"nothing":         {kindNothing, nothing},
	"nothing_version": {kindNothing, nothing},
	"nothing_code":    {kindNothing, nothing},
	"amount":          {KindAmount, readAmount},
	"amount_range":    {KindAmount, readRange},
	"amount_words":    {KindAmount, readAmountWords},
	"amount_han":      {KindAmount, readAmountHan},
	"date_ymd":        {KindDate, readYearFirst},
	"date_ym":         {KindDate, readYearMonth},
	"date_md":         {KindDate, readMonthDay},
	"date_named":      {KindDate, readNamed},
	"date_month":      {KindDate, readNamedMonth},
	"date_numeric":    {KindDate, readNumeric},
	"date_short":      {KindDate, readShort},
	"date_day":        {KindDate, readDay},
	"date_day_han":    {KindDate, readDayHan},
	"date_ago":        {KindDate, readAgo},
	"date_weekday":    {KindDate, readWeekday},
	"date_period":     {KindDate, readPeriod},
	"order_after":     {KindOrderNumber, readOrderAfter},
	"order_before":    {KindOrderNumber, readOrderBefore},
	"order_code":      {KindOrderNumber, readOrderCode},
	"phone_after":     {KindPhone, readPhoneAfter},
	"phone":           {KindPhone, readPhone},
}

func nothing(_ *Extractor, c candidate) (string, candidate) { return "nothing", c }

const codeBytes = "abcdefghijklmnopqrstuvwxyz0123456789-"

// readOrderAfter keeps the number at the end: "order no. 10423".
func readOrderAfter(_ *Extractor, c candidate) (string, candidate) {
	c = c.suffix(codeBytes)
	return orderNumber(c, 4)
}

// readOrderBefore keeps the number at the start: "10423这个订单".
func readOrderBefore(_ *Extractor, c candidate) (string, candidate) {
	s := c.String()
	c.end = c.start + len(s) - len(strings.TrimLeft(s, codeBytes))
	return orderNumber(c, 5)
}

// readOrderCode accepts a code that nothing announces: one with a hyphen, or letters that are no word.
func readOrderCode(_ *Extractor, c candidate) (string, candidate) { return orderNumber(c, 5) }

func orderNumber(c candidate, least int) (string, candidate) {
	s := c.String()
	c.start += len(s) - len(strings.TrimLeft(s, "-"))
	if s = c.String(); len(digits(s)) < least {
		return "", c
	}
	return strings.ToUpper(s), c
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
