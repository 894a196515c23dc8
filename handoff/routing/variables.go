package routing

import (
	"net/url"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// variable is a name that conditions may use.
type variable struct {
	name  string
	kind  *cel.Type
	value func(*facts) any
}

// variables are all names that are not attributes of the contact. Which is why each new one takes a name away.
func variables() []variable {
	str, num, yes := cel.StringType, cel.IntType, cel.BoolType
	return []variable{
		{"text", str, func(f *facts) any { return f.Text }},
		{"language", str, func(f *facts) any { return f.Language }},
		{"intent", str, func(f *facts) any { return f.Intent }},
		{"entities", cel.ListType(cel.MapType(str, str)), func(f *facts) any { return f.entities() }},
		{"sentiment", str, func(f *facts) any { return f.Sentiment }},
		{"reason", str, func(f *facts) any { return f.Reason }},
		{"confidence", cel.DoubleType, func(f *facts) any { return f.Confidence }},
		{"channel", str, func(f *facts) any { return f.Channel }},
		{"messages", num, func(f *facts) any { return f.Messages }},
		{"conversation.channel", str, func(f *facts) any { return f.Channel }},
		{"conversation.messages", num, func(f *facts) any { return f.Messages }},
		{"page", str, func(f *facts) any { return f.Page }},
		{"page.host", str, func(f *facts) any { return f.url().Hostname() }},
		{"page.path", str, func(f *facts) any { return f.url().Path }},
		{"verified", yes, func(f *facts) any { return f.Verified }},
		{"contact.verified", yes, func(f *facts) any { return f.Verified }},
		{"vip", yes, func(f *facts) any { return truth(f.Attributes["vip"]) }},
		{"time", cel.TimestampType, func(f *facts) any { return f.Time }},
		{"hour", num, func(f *facts) any { return f.Time.Hour() }},
		{"minute", num, func(f *facts) any { return f.Time.Minute() }},
		{"weekday", str, func(f *facts) any { return strings.ToLower(f.Time.Weekday().String()[:3]) }},
		{"date", str, func(f *facts) any { return f.Time.Format("2006-01-02") }},
	}
}

// contactPrefix names an attribute that has the name of a variable, such as contact.reason.
const contactPrefix = "contact."

// foldedText is the name of the text in normal form. It is no identifier, so that no condition can use it.
const foldedText = "@folded"

// facts answers a program's questions about [Facts]. It is used by one goroutine.
type facts struct {
	*Facts
	values map[string]variable
	folded *string // of the text; nil until it is asked for
}

// ResolveName returns the value of a variable. An attribute that the contact lacks is null.
func (f *facts) ResolveName(name string) (any, bool) {
	if name == foldedText {
		if f.folded == nil {
			s := fold(f.Text)
			f.folded = &s
		}
		return *f.folded, true
	}
	if v, ok := f.values[name]; ok {
		return v.value(f), true
	}
	if v, ok := f.Attributes[strings.TrimPrefix(name, contactPrefix)]; ok && v != nil {
		return v, true
	}
	return types.NullValue, true
}

// Parent says that nothing stands behind these names.
func (f *facts) Parent() interpreter.Activation { return nil }

func (f *facts) entities() []map[string]string {
	list := make([]map[string]string, len(f.Entities))
	for i, e := range f.Entities {
		list[i] = map[string]string{"kind": e.Kind, "value": e.Value}
	}
	return list
}

// url is empty for a page whose address cannot be read.
func (f *facts) url() *url.URL {
	if u, err := url.Parse(f.Page); err == nil {
		return u
	}
	return &url.URL{}
}

// truth reads the ways in which systems say yes.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "", "0", "false", "no", "none":
			return false
		}
		return true
	case float64:
		return v > 0
	case int:
		return v > 0
	case int64:
		return v > 0
	}
	return false
}
