package intent

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Extractor finds entities by the settings of a workspace. It is safe for concurrent use.
type Extractor struct {
	region               string
	dayFirst, monthFirst bool
	orders               []*regexp.Regexp
	names                *automaton        // of products; nil without any
	canonical            map[string]string // product names by [productKey]
}

// NewExtractor prepares the settings of a workspace. The error names the expression that is none.
func NewExtractor(c EntityConfig) (*Extractor, error) {
	x := &Extractor{region: c.Country, dayFirst: c.Dates == "day_first", monthFirst: c.Dates == "month_first",
		canonical: map[string]string{}}
	for _, s := range c.OrderNumbers {
		re, err := regexp.Compile("(?i)(?:" + s + ")")
		if err != nil {
			return nil, fmt.Errorf("order number %q: %w", s, err)
		}
		re.Longest()
		x.orders = append(x.orders, re)
	}
	var expressions []string
	for _, p := range c.Products {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			key := productKey(name)
			if _, taken := x.canonical[key]; key == "" || taken {
				continue
			}
			x.canonical[key] = p.Name
			expressions = append(expressions, productExpression(name))
		}
	}
	if len(expressions) == 0 {
		return x, nil
	}
	var err error
	x.names, err = newAutomaton([]string{strings.Join(expressions, "|")})
	return x, err
}

// plainExtractor is that of a workspace without settings.
var plainExtractor = sync.OnceValue(func() *Extractor { return &Extractor{} })

// Entities finds the entities of a message by the settings of the workspace's active catalog. Without a catalog, or while
// the database is down and none is known, those that ship apply: what a message says is worth knowing in any case.
func (c *Classifier) Entities(ctx context.Context, ws uuid.UUID, message string) []Entity {
	if _, _, _, err := c.current(ctx, ws); err != nil {
		return Entities(message)
	}
	c.mu.Lock()
	s := c.active[ws]
	c.mu.Unlock()
	s.mu.Lock()
	x := s.extractor
	s.mu.Unlock()
	if x == nil {
		return Entities(message)
	}
	return x.Entities(message)
}

// extractorOf returns the extractor of a stored catalog. Its settings were checked when it was read.
func extractorOf(c Catalog) *Extractor {
	x, err := NewExtractor(c.Entities)
	if err != nil {
		return plainExtractor()
	}
	return x
}

// ownOrders finds the workspace's own order numbers.
func (x *Extractor) ownOrders(s string) []Entity {
	var found []Entity
	for _, re := range x.orders {
		for _, at := range re.FindAllStringIndex(s, -1) {
			if at[0] < at[1] && border(s, at[0]) && border(s, at[1]) {
				value := strings.ToUpper(strings.Join(strings.Fields(s[at[0]:at[1]]), ""))
				found = append(found, Entity{Kind: KindOrderNumber, Value: value, Start: at[0], End: at[1]})
			}
		}
	}
	return found
}

// products finds the longest names of the list. Space, hyphen and the plural's s make no difference.
func (x *Extractor) products(s string) []Entity {
	if x.names == nil {
		return nil
	}
	var found []Entity
	for i := 0; i < len(s); {
		m := match{}
		if border(s, i) {
			m = x.names.at(s, i)
		}
		if m.end <= i {
			i = next(s, i)
			continue
		}
		found = append(found, Entity{Kind: KindProduct, Value: x.canonicalName(s[i:m.end]), Start: i, End: m.end})
		i = m.end
	}
	return found
}

func (x *Extractor) canonicalName(s string) string {
	key := productKey(s)
	if name, ok := x.canonical[key]; ok {
		return name
	}
	return x.canonical[strings.TrimSuffix(strings.TrimSuffix(key, "s"), "e")]
}

// productKey is a name without what visitors write as they please.
func productKey(name string) string {
	return strings.NewReplacer(" ", "", "-", "", "\n", "").Replace(fold(name).text)
}

// productExpression matches a name however its words are joined: a space, a hyphen or nothing may stand between them,
// and between letters and digits.
func productExpression(name string) string {
	var b strings.Builder
	var before rune
	for _, r := range fold(name).text {
		switch {
		case r == ' ' || r == '-' || r == '\n':
			if before != ' ' {
				b.WriteString("[ -]?")
			}
			r = ' '
		case before != ' ' && before != 0 && (digit(before) != digit(r) || spaced(before) != spaced(r)):
			b.WriteString("[ -]?" + regexp.QuoteMeta(string(r)))
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		before = r
	}
	if spaced(before) && !digit(before) {
		b.WriteString("s?")
	}
	return b.String()
}

func digit(r rune) bool { return r >= '0' && r <= '9' }
