package intent

import (
	"regexp"
	"strings"
)

// longNumber is a run of digits that no price, year or quantity has: a card, an account, a customer number.
var longNumber = regexp.MustCompile(`\d(?:[ -]?\d){7,}`)

// Masks lists what [Mask] writes.
func Masks() []string { return []string{"[e-mail]", "[phone]", "[order number]", "[number]"} }

// Mask replaces what tells who wrote a message: e-mail addresses, telephone and order numbers, and other long numbers.
// Names and street addresses are not recognised.
func Mask(message string) string {
	masks := map[string]string{KindEmail: "[e-mail]", KindPhone: "[phone]", KindOrderNumber: "[order number]"}
	var b strings.Builder
	end := 0
	for _, e := range Entities(message) {
		b.WriteString(longNumber.ReplaceAllString(message[end:e.Start], "[number]"))
		if mask, personal := masks[e.Kind]; personal {
			b.WriteString(mask)
		} else {
			b.WriteString(e.Text)
		}
		end = e.End
	}
	b.WriteString(longNumber.ReplaceAllString(message[end:], "[number]"))
	return b.String()
}
