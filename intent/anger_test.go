package intent_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"handrail/intent"
)

func TestAngerTellsTempersApart(t *testing.T) {
	t.Parallel()
	angry := []string{
		"This is ridiculous, you are all idiots!",
		"WHERE IS MY DAMN ORDER",
		"I AM STILL WAITING FOR MY PARCEL!!!",
		"wtf is wrong with you people",
		"Worst shop ever, I want my money back. What a joke.",
		"I'm so fed up with this useless bot",
		"You are liars and thieves",
		"For the third time, this is unacceptable",
		"I will call my lawyer",
		"you f*cking scammers",
		"I am furious",
		"absolutely disgusting service, never again",
		"你们就是骗子！",
		"垃圾公司，退钱！！！",
		"太差劲了，我要投诉你们",
		"等了好几天还没到，气死我了",
		"什么破客服，浪费时间",
		"再不处理我就打12315举报",
		"他妈的到底发不发货",
		"我真的受够了",
	}
	calm := []string{
		"",
		"Where is my order?",
		"HR-10423",
		"OK THANKS",
		"Thanks!!",
		"Great service, thank you!",
		"Sorry for the stupid question, but how do I reset my password?",
		"I'm not angry, just curious",
		"Do you sell trash bags?",
		"How do I report a fraud on my card?",
		"hello again",
		"My parcel still has not arrived",
		"I'm a bit disappointed",
		"PLEASE SEND ME THE INVOICE", // shouted, yet only just
		"我的快递到哪了",
		"有垃圾袋卖吗",
		"我没生气，只是想问一下",
		"谢谢！！！",
		"还没收到货，帮我看看",
		"这个会不会是诈骗短信",
	}
	for _, s := range angry {
		assert.Greater(t, intent.Anger(s), 0.5, s)
	}
	for _, s := range calm {
		assert.Less(t, intent.Anger(s), 0.5, s)
	}
	assert.Zero(t, intent.Anger("Where is my order?"))
	assert.Greater(t, intent.Anger("You idiots, this is bullshit!!!"), intent.Anger("you idiots"))
}

func FuzzAnger(f *testing.F) {
	f.Add("YOU IDIOTS!!! 垃圾")
	f.Fuzz(func(t *testing.T, s string) {
		a := intent.Anger(s)
		require.True(t, a >= 0 && a <= 1, a)
	})
}
