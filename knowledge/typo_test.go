package knowledge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSearchForgivesATypingError(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, append(shop(), texts("switches.md", "Every switch of a lamp has a warranty of its own."),
		texts("delivery.md", "Delivery abroad takes two weeks.", "Delivery of a large parcel takes two people."))...)
	for _, indexed := range []bool{false, true} {
		if indexed {
			require.NoError(t, b.Index(t.Context(), ws))
		}
		for typed, right := range map[string]string{"waranty": "warranty", "delviery": "delivery", "swithces": "switches"} {
			got, want := search(t, b, ws, Query{Text: typed}), search(t, b, ws, Query{Text: right})
			require.NotEmpty(t, want.Hits)
			require.Equal(t, uris(want), uris(got), typed)
			require.Zero(t, got.Evidence.Unknown)
		}
		require.Positive(t, search(t, b, ws, Query{Text: "the Waranty"}).Evidence.Unknown, "a name is left as it is")
		require.Empty(t, search(t, b, ws, Query{Text: "bulbz"}).Hits, "too short to tell")
	}
}
