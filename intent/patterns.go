package intent

import "regexp"

// finders holds the patterns in order of precedence. All of them are linear-time (RE2), so no message can stall them.
var finders = []finder{
	{KindEmail, regexp.MustCompile(`(?i)[a-z0-9][a-z0-9._%+-]*@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,}`), lower},
	{KindAmount, regexp.MustCompile(`(?i)(us\$|[$€£¥]|usd|eur|gbp|cny|rmb|jpy|hkd)\s?(` + number + `)`), amountBefore},
	{KindAmount, regexp.MustCompile(`(?i)(` + number + `)\s?(dollars?|bucks|euros?|pounds?|yuan|usd|eur|gbp|cny|rmb|jpy|hkd|[$€£¥]|块钱|块|元|美元|欧元|英镑|日元)`), amountAfter},
	{KindDate, regexp.MustCompile(`(\d{4})(?:-|/|\.|年\s?)(\d{1,2})(?:-|/|\.|月\s?)(\d{1,2})日?号?`), yearFirst},
	{KindDate, regexp.MustCompile(`(\d{1,2})月\s?(\d{1,2})[日号]?`), monthDay},
	{KindDate, regexp.MustCompile(`(?i)(` + month + `)\.?\s(\d{1,2})(?:st|nd|rd|th)?(?:,?\s(\d{4}))?`), monthFirst},
	{KindDate, regexp.MustCompile(`(?i)(\d{1,2})(?:st|nd|rd|th)?\s(?:of\s)?(` + month + `)\.?(?:,?\s(\d{4}))?`), dayFirst},
	{KindDate, regexp.MustCompile(`(\d{1,2})[/.](\d{1,2})[/.](\d{4})`), numeric},
	{KindDate, regexp.MustCompile(`(?i)(?:the day after tomorrow|today|tomorrow|yesterday|今天|明天|昨天|后天|前天)`), relative},
	{KindOrderNumber, regexp.MustCompile(`#\s?(?P<entity>[A-Za-z]{0,4}-?\d{4,12})`), order},
	{KindOrderNumber, regexp.MustCompile(`[A-Za-z]{1,4}-\d{5,12}|[A-Z]{2,4}-?\d{5,12}`), order},
	{KindOrderNumber, regexp.MustCompile(`(?i)(?:order|purchase|parcel|invoice)s?(?:\s?(?:number|no\.?|nr\.?|num|id|ref|reference|is|was|with|has|the|my|:|=|-|#)){0,4}\s?(?P<entity>(?:[a-z]{1,4}-?)?\d{5,12})`), order},
	{KindOrderNumber, regexp.MustCompile(`(?:订单|单号|订单号|订单编号|編號|訂單)(?:号码|编号|号|號|是|为|为是|:|=|#|\s){0,4}(?P<entity>(?:[A-Za-z]{1,4}-?)?\d{5,12})`), order},
	{KindOrderNumber, regexp.MustCompile(`(?i)(?P<entity>(?:[a-z]{1,4}-?)?\d{5,12})\s?(?:这个订单|这一单|这单|号订单|的订单|订单|order)`), order},
	{KindPhone, regexp.MustCompile(`\+?\(?\d[\d ().-]{5,18}\d`), phone},
}

const (
	number = `\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:[.,]\d{1,2})?`
	month  = `jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May)|june?|july?|aug(?:ust)?|sept?(?:ember)?|` +
		`oct(?:ober)?|nov(?:ember)?|dec(?:ember)?`
)
