package intent_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/postgres/pgtest"
)

func check(t *testing.T, c *intent.Classifier, ws uuid.UUID, u intent.Upload, o intent.CheckOptions) intent.Checked {
	t.Helper()
	checked, err := c.Check(t.Context(), ws, u, o)
	require.NoError(t, err)
	return checked
}

// brief is what matters of findings, one on each line.
func brief(checked intent.Checked) string {
	var out []string
	for _, f := range checked.Findings {
		out = append(out, fmt.Sprintf("%s %s %d %d %s %s", f.Severity, f.Kind, f.Line, f.OtherLine, f.Intent, f.Other))
	}
	return strings.Join(out, "\n")
}

const checkedCatalog = `intents:
- name: order_status
  examples:
    en: [where is my parcel, where's the parcel please, when does it arrive, track my parcel, has it been sent]
- name: refund
  examples:
    en:
    - Where is my parcel?!
    - i want my money back
    - so where's that parcel
    - 我要退款怎么办
    - refund it
    - refund it!
- name: hours
  examples:
    english: [when do you open]
    zh: [what time do you close]
- name: greeting
  examples: {en: [hello]}
- name: thanks
  examples: {en: [thanks, '...']}
`

func TestCheckNamesTheLines(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, c := pgtest.Workspace(t, db), intent.NewClassifier(db)
	checked := check(t, c, ws, upload(intent.FormatYAML, checkedCatalog), intent.CheckOptions{
		Held: []intent.Held{{Text: "I want my money back!", Where: "the eval case 7"}}})
	require.Equal(t, 5, checked.Intents)
	require.Equal(t, 16, checked.Examples)
	require.Equal(t, strings.TrimSpace(`
error duplicate 8 4 refund order_status
error language 16 0 hours 
error few 18 0 greeting 
error empty 21 0 thanks 
warning leak 9 0 refund 
warning duplicate 10 4 refund order_status
warning language 11 0 refund 
warning duplicate 13 12 refund refund
warning few 14 0 hours 
warning language 17 0 hours 
warning few 20 0 thanks `), strings.TrimSpace(brief(checked)))
	err := checked.Err()
	require.ErrorContains(t, err, `line 8: the example "Where is my parcel?!" of "refund" stands also under "order_status" in line 4: keep one of them`)
	require.ErrorContains(t, err, `line 16: "english" is no language code: use the two letters of ISO 639-1, here en`)
	require.NotContains(t, err.Error(), "nearly")
}

func TestCheckMergesIntoTheActiveCatalog(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, c := pgtest.Workspace(t, db), intent.NewClassifier(db)
	_, err := c.Train(t.Context(), ws, shopCatalog())
	require.NoError(t, err)
	before, _, err := c.Catalog(t.Context(), ws)
	require.NoError(t, err)

	checked := check(t, c, ws, upload(intent.FormatCSV, `text,intent
where is my bicycle,order_status
Where is my parcel?,order_status
hello,refund
谁画了蒙娜丽莎,oos
do you sell gift cards,gift_card
are there vouchers,gift_card
`), intent.CheckOptions{})
	require.Equal(t, strings.TrimSpace(`
error duplicate 4 0 refund greeting
warning few 6 0 gift_card `), strings.TrimSpace(brief(checked)))
	require.Contains(t, checked.Findings[0].Message, `stands also under "greeting" in the active catalog`)
	require.Equal(t, len(shop)+1, checked.Intents)
	require.Equal(t, len(before.Train())+5, checked.Examples, "one of them is known already")
	at := map[string]intent.Intent{}
	for _, in := range checked.Catalog.Intents {
		at[in.Name] = in
	}
	require.Equal(t, map[string]string{"en": "order_status"}, at["order_status"].Label, "what is not an example is kept")
	require.Equal(t, append(before.Intents[indexOf(before, "order_status")].Examples["en"], "where is my bicycle"),
		at["order_status"].Examples["en"])
	require.Equal(t, intent.Intent{Name: "gift_card", Policy: intent.PolicyAnswer,
		Examples: map[string][]string{"en": {"do you sell gift cards", "are there vouchers"}}}, at["gift_card"])
	require.Equal(t, map[string][]string{"zh": {"谁画了蒙娜丽莎"}}, checked.Catalog.OutOfScope)
	after, _, err := c.Catalog(t.Context(), ws)
	require.NoError(t, err)
	require.Equal(t, before, after, "to check changes nothing")
}

func indexOf(c intent.Catalog, name string) int {
	for i, in := range c.Intents {
		if in.Name == name {
			return i
		}
	}
	return -1
}

func TestCheckNamesIntentsThatAreMistakenForEachOther(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, c := pgtest.Workspace(t, db), intent.NewClassifier(db)
	var csv strings.Builder
	csv.WriteString("text,intent\n")
	for name, examples := range map[string][]string{
		"a_return": {"send back the lamp", "return a broken chair", "bring back one table", "return my old sofa", "send back this rug", "bring back a desk"},
		"b_return": {"return the lamp", "send back a broken chair", "return one table", "bring back my old sofa", "bring back this rug", "send back a desk"},
		"hours":    {"when are you open", "opening hours", "what time do you close", "are you open on sunday", "closing time", "store hours today"},
	} {
		for _, e := range examples {
			fmt.Fprintf(&csv, "%s,%s\n", e, name)
		}
	}
	checked := check(t, c, ws, upload(intent.FormatCSV, csv.String()), intent.CheckOptions{CrossValidate: true})
	require.Len(t, checked.Findings, 1, brief(checked))
	f := checked.Findings[0]
	require.Equal(t, intent.KindOverlap, f.Kind)
	require.ElementsMatch(t, []string{"a_return", "b_return"}, []string{f.Intent, f.Other})
	lines := strings.Split(csv.String(), "\n")
	require.Equal(t, f.Text+","+f.Intent, lines[f.Line-1], "the line is that of the worst example")
	require.NoError(t, checked.Err())
}
