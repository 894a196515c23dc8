package knowledge

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// open returns an empty lexical base and a workspace.
func open(t *testing.T) (*Base, *postgres.DB, uuid.UUID) {
	t.Helper()
	db := pgtest.Open(t)
	return New(db, nil), db, pgtest.Workspace(t, db)
}

// texts makes a document whose passages hold the given texts.
func texts(uri string, bodies ...string) DocumentPassages {
	d := DocumentPassages{Document: Document{Collection: "help", URI: uri, Title: uri, Lang: "en"}}
	for _, s := range bodies {
		d.Passages = append(d.Passages, Passage{Title: uri, Text: s, End: len(s), Lang: "en"})
	}
	return d
}

// faq makes a document of one question and its answer.
func faq(uri, question, answer string) DocumentPassages {
	return DocumentPassages{
		Document{Collection: "faq", URI: uri, Title: "Questions"},
		[]Passage{{Title: "Questions", Question: question, Text: answer}},
	}
}

func store(t *testing.T, b *Base, ws uuid.UUID, items ...DocumentPassages) {
	t.Helper()
	require.NoError(t, b.ReplaceAll(t.Context(), ws, items))
}

func search(t *testing.T, b *Base, ws uuid.UUID, q Query) Result {
	t.Helper()
	res, err := b.Search(t.Context(), ws, q)
	require.NoError(t, err)
	return res
}

// uris lists where the hits come from, best first.
func uris(res Result) []string {
	list := make([]string, 0, len(res.Hits))
	for _, h := range res.Hits {
		list = append(list, h.URI)
	}
	return list
}

// shop is a small help centre.
func shop() []DocumentPassages {
	return []DocumentPassages{
		texts("returns.md", "You can return an unused lamp within thirty days. Print the label and drop the parcel at any post office."),
		texts("shipping.md", "Parcels leave our warehouse the same day when you order before noon. Delivery takes two working days."),
		texts("student-discount.md", "Students get ten percent off every lamp. Upload a photo of your student card in your account."),
		texts("warranty.md", "The warranty covers broken switches and faulty wiring for five years. Bulbs are not covered."),
		texts("invoice.md", "Your invoice is sent by e-mail. Business customers add their VAT number at checkout."),
		texts("退货.md", "未使用的台灯可以在三十天内退货。请打印退货标签，并把包裹送到任意邮局。"),
		texts("发票.md", "电子发票会发送到您的邮箱。企业客户可以在结账时填写税号。"),
	}
}

func many(n int, body string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s %d", body, i)
	}
	return list
}

// ctxOf returns the context of a test, or a plain one inside a property, whose T has none.
func ctxOf(t require.TestingT) context.Context {
	if c, ok := t.(interface{ Context() context.Context }); ok {
		return c.Context()
	}
	return context.Background()
}
