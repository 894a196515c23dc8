package knowledge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/postgres/pgtest"
)

// page is a document with one section.
func page(uri, heading, body string) DocumentPassages {
	return DocumentPassages{
		Document{Collection: "help", URI: uri, Title: "Lamps"},
		[]Passage{{Title: "Lamps", HeadingPath: []string{heading}, Text: body, End: len(body), Lang: "en"}},
	}
}

const care = "Switch the lamp off and let it cool before you clean it. Use a soft dry cloth for the shade and a damp one " +
	"for the base. Keep water away from the switch and from the cable, and put the bulb back only when everything is dry. "

func TestCopiesAreFoundOnce(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	store(t, b, ws, page("v1/care.md", "Care", care), page("v2/care.md", "Care", strings.Replace(care, "the lamp", "your lamp", 1)))
	store(t, b, ws, page("copy/care.md", "Care", "**"+care+"**"))
	require.Equal(t, []string{"v1/care.md"}, uris(search(t, b, ws, Query{Text: "clean the shade"})))
	docs, err := b.Documents(t.Context(), ws, "")
	require.NoError(t, err)
	require.Len(t, docs, 3)
	for _, d := range docs {
		_, ps, err := b.Document(t.Context(), ws, d.ID)
		require.NoError(t, err)
		require.Len(t, ps, 1, "a duplicate can still be read")
		require.Equal(t, d.URI != "v1/care.md", ps[0].DuplicateOf != 0)
	}
	requireRecount(t, b, db, ws)

	// The copies take over one after the other, also where an index holds the old state.
	require.NoError(t, b.Index(t.Context(), ws))
	for _, next := range []string{"v2/care.md", "copy/care.md"} {
		require.NoError(t, b.Remove(t.Context(), ws, search(t, b, ws, Query{Text: "shade"}).Hits[0].DocumentID))
		require.Equal(t, []string{next}, uris(search(t, b, ws, Query{Text: "clean the shade"})))
		requireRecount(t, b, db, ws)
	}
	store(t, b, ws, page("copy/care.md", "Care", "Ask the shop."))
	require.Empty(t, search(t, b, ws, Query{Text: "shade"}).Hits)
}

func TestWhatDiffersIsNoDuplicate(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	store(t, b, ws, page("a", "Care", care+"It costs 20 euros."))
	elsewhere := page("a", "Care", care+"It costs 20 euros.")
	elsewhere.Document.Collection = "other"
	for _, d := range []DocumentPassages{
		elsewhere,
		page("price", "Care", care+"It costs 21 euros."),
		page("negated", "Care", care+"It never costs 20 euros."),
		page("modal", "Care", strings.Replace(care, "Keep", "You may keep", 1)+"It costs 20 euros."),
		page("words", "Care", strings.Replace(care, "soft", "clean", 1)+"It costs 20 euros."),
		page("turned", "Care", care+"20 euros it costs."),
		page("topic", "Storage", care+"It costs 20 euros."),
		page("longer", "Care", care+"It costs 20 euros. Two people should lift the large floor lamp by its base."),
		faq("question", "How do I clean it?", care+"It costs 20 euros."),
	} {
		before := len(search(t, b, ws, Query{Text: "shade", Limit: 50}).Hits)
		store(t, b, ws, d)
		require.Len(t, search(t, b, ws, Query{Text: "shade", Limit: 50}).Hits, before+1, d.Document.URI)
	}
	other := pgtest.Workspace(t, db)
	store(t, b, other, page("a", "Care", care+"It costs 20 euros."))
	require.Len(t, search(t, b, other, Query{Text: "shade"}).Hits, 1)
}

func TestDuplicatesWithinOneDocument(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	store(t, b, ws, texts("footer.md", "Write to us.", "Lamps give light.", "Write to us!", "write  to us"))
	require.Len(t, search(t, b, ws, Query{Text: "write us"}).Hits, 1)
	requireRecount(t, b, db, ws)
	store(t, b, ws, texts("footer.md", "Lamps give light.", "Call us."))
	require.Empty(t, search(t, b, ws, Query{Text: "write"}).Hits)
	requireRecount(t, b, db, ws)
}

// An answer must not vanish from search because another one differs from it in one word.
func TestOppositesAreNoDuplicates(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"Sale items can be returned.", "Sale items can't be returned."}, {"You may open it.", "You mustn't open it."},
		{"It always rings.", "It rarely rings."}, {"Within seven days.", "Within thirty days."},
		{"We open on Monday.", "We open on Friday."}, {"七天内可以退货", "三天内可以退货"}, {"可以退货", "不可以退货"},
	} {
		require.NotEqual(t, likenessOf("", Passage{Text: care + pair[0]}), likenessOf("", Passage{Text: care + pair[1]}), pair)
	}
	require.Equal(t, likenessOf("", Passage{Text: "请在七天内退货。"}), likenessOf("", Passage{Text: "**请您**在七天内退货！"}))
}
