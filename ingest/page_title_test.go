package ingest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTitleIsTheOpeningHeading(t *testing.T) {
	t.Parallel()
	titled := func(fill func(b *builder)) (title string) {
		var b builder
		fill(&b)
		b.text("Boots may go back within thirty days of delivery, unworn and in their box.")
		err := task{URI: "forms/returns.docx"}.document(b.page(), func(p part) error {
			if p.Document != nil {
				title = p.Document.Title
			}
			return nil
		})
		require.NoError(t, err)
		return title
	}
	require.Equal(t, "Returning boots", titled(func(b *builder) { b.heading(1, "Returning boots") }))
	require.Equal(t, "Returns", titled(func(*builder) {}), "without one, the name of the file")
	require.Equal(t, "Returns", titled(func(b *builder) { b.text("Q: May boots go back?") }), "a question is no title")
}
