package intent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/errs"
)

const entityCatalog = `
intents:
  - name: hello
    examples: {en: [hello there]}
entities:
  order_numbers: ['ZQ\d{3}', 'no\.\d{4} [a-z]']
  country: us
  dates: month_first
  products:
    - Nordic Mug
    - {name: Oslo Desk Lamp, aliases: [Oslo lamp, 奥斯陆台灯]}
`

func TestExtractorFollowsTheCatalog(t *testing.T) {
	t.Parallel()
	c, err := intent.LoadCatalog(strings.NewReader(entityCatalog))
	require.NoError(t, err)
	x, err := intent.NewExtractor(c.Entities)
	require.NoError(t, err)
	for message, want := range map[string][]string{
		"where is zq123":          {"order_number", "zq123", "ZQ123"},
		"zq1234 is none":          nil,
		"it is NO.1234 b, thanks": {"order_number", "NO.1234 b", "NO.1234B"},
		"call 650-253-0000":       {"phone", "650-253-0000", "+16502530000"},
		"since 12/05/2026":        {"date", "12/05/2026", "2026-12-05"},
		"two nordic-mugs":         {"product", "nordic-mugs", "Nordic Mug"},
		"OSLO LAMP or 奧斯陸檯燈 or oslo desklamp": {"product", "OSLO LAMP", "Oslo Desk Lamp", "product", "奧斯陸檯燈", "Oslo Desk Lamp", "product", "oslo desklamp", "Oslo Desk Lamp"},
		"奥斯陆台灯亮吗":                             {"product", "奥斯陆台灯", "Oslo Desk Lamp"},
		"the Nordic mugging":                  nil,
	} {
		var got []string
		for _, e := range x.Entities(message) {
			got = append(got, e.Kind, e.Text, e.Value)
		}
		require.Equal(t, want, got, message)
	}
}

func TestCatalogRefusesWrongEntities(t *testing.T) {
	t.Parallel()
	for wrong, want := range map[string]string{
		"order_numbers: ['HR-(']":     "line 6: \"HR-(\" is no regular expression",
		"order_numbers: ['\\d*']":     "may be empty",
		"country: XX":                 "line 6: \"XX\" is no country",
		"dates: european":             "use day_first or month_first",
		"products: [A]":               "too short",
		"products: [{nam: Mug}]":      "a product has no field \"nam\"",
		"products: [{aliases: [ab]}]": "too short",
		"phones: DE":                  "entities has no field \"phones\"",
	} {
		yaml := "\nintents:\n  - name: hello\n    examples: {en: [hello there]}\nentities:\n  " + wrong
		_, err := intent.LoadCatalog(strings.NewReader(yaml))
		require.True(t, errs.Is(err, errs.Invalid), wrong)
		require.ErrorContains(t, err, want)
	}
}

func TestExtractorFindsOneOfManyProducts(t *testing.T) {
	t.Parallel()
	var c intent.EntityConfig
	for i := range 3000 {
		c.Products = append(c.Products, intent.Product{Name: "Model " + strings.Repeat(string(rune('a'+i%26)), 1+i/26)})
	}
	x, err := intent.NewExtractor(c)
	require.NoError(t, err)
	found := x.Entities("is model aaa there?")
	require.Len(t, found, 1)
	require.Equal(t, "Model aaa", found[0].Value)
}
