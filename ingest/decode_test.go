package ingest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

const (
	simplified  = "收到商品后三十天内可以申请退货。请保留原包装，并在订单页面打印退货标签，我们收到后七个工作日内退款。"
	traditional = "收到商品後三十天內可以申請退貨。請保留原包裝，並在訂單頁面列印退貨標籤，我們收到後七個工作天內退款。"
	western     = "Après réception, le délai de rétractation est de trente jours. Gardez l'emballage d'origine, s'il vous plaît."
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		encoding encoding.Encoding
		text     string
	}{
		"UTF-8":                  {encoding.Nop, simplified + western},
		"UTF-8 with mark":        {unicode.UTF8BOM, western},
		"GBK":                    {simplifiedchinese.GBK, simplified},
		"GB 18030":               {simplifiedchinese.GB18030, simplified + "𠮷"},
		"Big5":                   {traditionalchinese.Big5, traditional},
		"Latin-1":                {charmap.ISO8859_1, western},
		"Windows-1252":           {charmap.Windows1252, western + " Prix : 5 €"},
		"UTF-16 with mark":       {unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), simplified},
		"UTF-16, big, with mark": {unicode.UTF16(unicode.BigEndian, unicode.UseBOM), western},
		"UTF-16 without mark":    {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), western},
		"UTF-16, big, no mark":   {unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), western},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := c.encoding.NewEncoder().Bytes([]byte(c.text))
			require.NoError(t, err)
			got, err := decode(raw, "", false)
			require.NoError(t, err)
			require.Equal(t, c.text, got)
		})
	}
}

func TestDecodeDeclared(t *testing.T) {
	t.Parallel()
	short, err := simplifiedchinese.GBK.NewEncoder().String("退货")
	require.NoError(t, err)
	got, err := decode([]byte(short), "text/plain; charset=gbk", false)
	require.NoError(t, err)
	require.Equal(t, "退货", got)
	got, err = decode([]byte(`<meta charset="gb2312"><p>`+short), "text/html", true)
	require.NoError(t, err)
	require.Contains(t, got, "退货")
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ raw, want string }{
		"broken UTF-8": {simplified + "\n" + simplified + "\xe6\x94\n", "line 2 is not valid UTF-8"},
		"binary":       {"\x7fELF\x00\x01\x02\x00\x00\x00\x00\xff\xfe", "binary data"},
		"half UTF-16":  {"\xff\xfe\x00\xd8a", "cannot be decoded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode([]byte(c.raw), "", false)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b\nc\nd\té", canonical("a\u00a0\u200bb\r\nc\rd\te\u0301\x00\x07"))
	require.False(t, strings.Contains(canonical("x\u00ady"), "\u00ad"))
}
