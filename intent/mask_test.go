package intent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                    "",
		"Where is my parcel?": "Where is my parcel?",
		"I am ada@example.com, call +49 30 901820":          "I am [e-mail], call [phone]",
		"Where is order HP-20417?":                          "Where is order [order number]?",
		"我的订单号是20417888，电话13800138000，谢谢":                   "我的订单号是[order number]，电话[phone]，谢谢",
		"card 4111 1111 1111 1111 refused":                  "card [number] refused",
		"It costs 19.90 EUR until 2026-03-05, 1,200 pieces": "It costs 19.90 EUR until 2026-03-05, 1,200 pieces",
	} {
		require.Equal(t, want, Mask(in), "%q", in)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("ada@example.com HP-20417 13800138000")
	f.Fuzz(func(t *testing.T, s string) {
		for _, e := range Entities(Mask(s)) {
			if e.Kind == KindEmail {
				t.Fatalf("%q still holds %q", s, e.Text)
			}
		}
	})
}
