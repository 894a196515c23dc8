package bot

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"handrail/internal/text"
)

// specificity is how much a message says, in words.
type specificity struct {
	things float64 // words for what it is about
	named  string  // the words of both kinds
	rest   float64 // words for what is wanted, half a word each: nearly everything can be changed, or costs something
}

func (s specificity) total() float64 { return s.things + s.rest }

// lightWords say what is wanted of a thing, or ask for one of its qualities, without naming it.
const lightWords = `change edit use work cost price pay fee charge free find get give buy send wash clean fix break broken
	expire valid open close start stop finish arrive come receive wait big small large heavy weigh weight size wide tall
	good better best recommend choose pick cheap expensive waterproof possible allow available keep make do see look show
	check try say go put bring return back cancel happen next first last number day days week hour soon fast quick new old
	two both different else wrong right missing late
	改 换 退 用 看 到 洗 寄 回 来 去 买 坏 收 钱 免 付 花 贵 重 大 小 好 快 慢 远 近 找 查 弄 办 拿 等 送 修 选 取消 修改 更换
	便宜 推荐 有效 有效期 过期 到期 期限 防水 大小 重量 价格 费用 收费 免费 要钱 可用 使用 清洗 寄回 寄回来 坏了 多重 多大 多快 更好 换一个
	用不了 没到 没收到 不对 错了 晚了 哪天 几天 几号 日期 天 号 一`

// frameWords announce a matter without naming it.
const frameWords = `problem issue question trouble inform information info something anything thing stuff matter concern regard
	detail request support assist assistance hi hello hey thank thanks ok okay yes still already actually really maybe
	only even ever another other any more does did doing done being having
	问题 疑问 事情 事 关于 咨询 请教 问 一问 问一下 一下 情况 帮忙 帮助 帮 麻烦 谢谢 您好 你好 好的 东西 另外 还有 有个 有点 其他 别的 它`

// wordKind is what a word contributes to the specificity of a message.
type wordKind int

const (
	thing wordKind = iota // unless listed
	light
	frame
)

// wordKinds reads the lists at first use; they never change. English words are kept as stems.
var wordKinds = sync.OnceValue(func() map[string]wordKind {
	kinds := map[string]wordKind{}
	for list, kind := range map[string]wordKind{lightWords: light, frameWords: frame} {
		for _, w := range strings.Fields(list) {
			if terms := text.Terms(w); terms[0].Kind == text.Word {
				w = terms[0].Text
			}
			kinds[w] = kind
		}
	}
	return kinds
})

// longestPhrase is the length, in ideographs, of the longest phrase in the lists.
const longestPhrase = 4

// specificityOf counts what a message says. Two ideographs make about one word.
func specificityOf(message string) specificity {
	var s specificity
	units := unitsOf(message)
	for i := 0; i < len(units); {
		kind, n, words := kindOf(units[i].text), 1, 1.0
		if units[i].text[0] >= utf8.RuneSelf {
			kind, n = phraseAt(units[i:])
			words = 0.5
		}
		switch kind {
		case thing:
			s.things += words
		case light:
			s.rest += 0.5
		}
		if kind != frame {
			s.named += message[units[i].start:units[i+n-1].end] + blank(units[i])
		}
		i += n
	}
	if s.things > 0 && asksFor(message) {
		s.rest += 0.5
	}
	return s
}

// asksFor reports whether a message asks how, when, where or why: of a thing that it names, that is something definite.
func asksFor(message string) bool {
	for _, w := range text.Words(message) {
		if slices.Contains([]string{"how", "when", "where", "why"}, w) {
			return true
		}
	}
	return slices.ContainsFunc([]string{"怎么", "如何", "多久", "什么时候", "哪里", "哪儿", "为什么", "多少"}, func(w string) bool {
		return strings.Contains(message, w)
	})
}

// blank separates words of alphabetic scripts.
func blank(u unit) string {
	if u.text[0] < utf8.RuneSelf {
		return " "
	}
	return ""
}

// kindOf is the kind of a word or phrase. Function words announce nothing and count like what does.
func kindOf(word string) wordKind {
	if kind, ok := wordKinds()[word]; ok {
		return kind
	}
	if text.IsFunction(word) {
		return frame
	}
	return thing
}

// phraseAt returns the kind of the longest known phrase of ideographs at the start of units, and its length.
func phraseAt(units []unit) (kind wordKind, n int) {
	var phrase string
	kind, n = thing, 1
	for i, u := range units[:min(longestPhrase, len(units))] {
		if u.text[0] < utf8.RuneSelf {
			break
		}
		phrase += u.text
		if k := kindOf(phrase); k != thing {
			kind, n = k, i+1
		}
	}
	return kind, n
}
