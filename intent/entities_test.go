package intent_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

func TestEntities(t *testing.T) {
	t.Parallel()
	tests := []struct {
		message string
		want    []string // kind, text, value, repeated
	}{
		{"Where is HR-10423?", []string{"order_number", "HR-10423", "HR-10423"}},
		{"where is hr-10423", []string{"order_number", "hr-10423", "HR-10423"}},
		{"status of #10423 please", []string{"order_number", "10423", "10423"}},
		{"my order number is 10423", []string{"order_number", "10423", "10423"}},
		{"Order no. 99812345 never came", []string{"order_number", "99812345", "99812345"}},
		{"order 2024", nil},
		{"I placed an order in 2024 for 300 people", nil},
		{"我的订单号10423还没到", []string{"order_number", "10423", "10423"}},
		{"订单号：１０４２３，谢谢", []string{"order_number", "１０４２３", "10423"}},
		{"10423这个订单到哪了", []string{"order_number", "10423", "10423"}},
		{"ＨＲ－１０４２３", []string{"order_number", "ＨＲ－１０４２３", "HR-10423"}},
		{"We are ISO9001 certified", nil},
		{"version 12345.6 of the app", nil},
		{"Write to Jo.Doe+shop@Example.co.uk.", []string{"email", "Jo.Doe+shop@Example.co.uk", "jo.doe+shop@example.co.uk"}},
		{"邮箱是li@example.com谢谢", []string{"email", "li@example.com", "li@example.com"}},
		{"not an address: foo@bar", nil},
		{"call me at +44 20 7946 0958", []string{"phone", "+44 20 7946 0958", "+442079460958"}},
		{"我的电话13812345678", []string{"phone", "13812345678", "+8613812345678"}},
		{"电话１３８１２３４５６７８。", []string{"phone", "１３８１２３４５６７８", "+8613812345678"}},
		{"ring (212) 555-0147 now", []string{"phone", "(212) 555-0147", "2125550147"}},
		{"order 10423, phone +1 650 253 0000", []string{
			"order_number", "10423", "10423", "phone", "+1 650 253 0000", "+16502530000"}},
		{"I paid $19.9 twice", []string{"amount", "$19.9", "19.90 USD"}},
		{"it was 1,299.00 USD", []string{"amount", "1,299.00 USD", "1299.00 USD"}},
		{"12,50 € zu viel", []string{"amount", "12,50 €", "12.50 EUR"}},
		{"退我200块钱", []string{"amount", "200块钱", "200 CNY"}},
		{"扣了￥３５．５", []string{"amount", "￥３５．５", "35.50 CNY"}},
		{"200元和3元", []string{"amount", "200元", "200 CNY", "amount", "3元", "3 CNY"}},
		{"on 2026-03-05", []string{"date", "2026-03-05", "2026-03-05"}},
		{"2026年3月5日下单", []string{"date", "2026年3月5日", "2026-03-05"}},
		{"3月5号到吗", []string{"date", "3月5号", "--03-05"}},
		{"before March 5th, 2026 please", []string{"date", "March 5th, 2026", "2026-03-05"}},
		{"on 5 Mar", []string{"date", "5 Mar", "--03-05"}},
		{"31/12/2026 or 12/31/2026", []string{"date", "31/12/2026", "2026-12-31", "date", "12/31/2026", "2026-12-31"}},
		{"2026-02-30 is no day", nil},
		{"will it come tomorrow?", []string{"date", "tomorrow", "tomorrow"}},
		{"明天能到吗", []string{"date", "明天", "tomorrow"}},
		{"you may 20 times", nil},
		{"", nil},
	}
	for _, test := range tests {
		var got []string
		for _, e := range intent.Entities(test.message) {
			require.Equal(t, e.Text, test.message[e.Start:e.End])
			got = append(got, e.Kind, e.Text, e.Value)
		}
		require.Equal(t, test.want, got, test.message)
	}
}

func FuzzEntities(f *testing.F) {
	f.Add("订单号：１０４２３ +44 20 7946 0958 a@b.co $5 2026-01-01")
	f.Add("\xff#12345\xff")
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, e := range intent.Entities(s) {
			require.GreaterOrEqual(t, e.Start, end)
			require.Greater(t, e.End, e.Start)
			require.Equal(t, s[e.Start:e.End], e.Text)
			if utf8.ValidString(s) {
				require.True(t, utf8.ValidString(e.Text), "a span cuts a character")
			}
			require.NotEmpty(t, e.Value)
			end = e.End
		}
	})
}
