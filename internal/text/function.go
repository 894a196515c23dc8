package text

import "strings"

// functionWords are words that hold a sentence together and say little about its subject, as [Terms] gives them:
// English words stemmed, Chinese ones as characters and pairs. In a small collection their frequencies are too few to
// tell, so inverse document frequency alone does not weigh them down.
const functionWords = `
	a about after again all also long mani much take time am an and ani are as at be becaus been befor but by can could did do doe don for from
	get go had has have he help her hi him his how i if in into is it its just know let like me my need no not of on one
	or our out pleas she should so some such tell than thank that the their them then there these they thing this those
	to too up us veri want was we were what when where whether which while who whi whose will with would you your
	的 了 吗 呢 啊 吧 呀 是 我 你 您 们 他 她 它 在 有 和 与 或 就 都 也 还 要 会 能 可 以 怎 么 什 请 问 如 何 哪 里 这 那 个 些 把 被
	给 对 从 到 为 而 及 着 过 得 地 很 太 再 又 没 不 想 说 做 用 样 嘛 哦 呗 啦 谁 几 多 少 吗 该 且 但 因 所 于 其 之 上 下 中 来 去
	多久 多长 久 长 几天 时间 我们 你们 您们 他们 可以 怎么 怎样 什么 如何 请问 哪里 哪个 这个 那个 这些 那些 为什 为何 么样 么办 怎办 是不 不是 有没 没有 能不 不能 可不
	会不 不会 是否 能否 可否 多少 几个 因为 所以 但是 如果 或者 还是 已经 现在 的话 一下 一个 时候 需要 想要 我想 我要 想问`

// isFunction holds the words of functionWords.
var isFunction = func() map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(functionWords) {
		set[w] = true
	}
	return set
}()

// IsFunction reports whether a term of [Terms] is a function word of English or Chinese.
func IsFunction(term string) bool { return isFunction[term] }
