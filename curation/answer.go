package curation

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"handrail/internal/text"
)

// leastContent is how many terms that say something an answer needs. "Yes, of course." answers only who asked.
const leastContent = 3

// joined is what an agent's messages answer, one paragraph for each message that says something; "" if they say too
// little to be of use to anybody else.
func joined(messages []string) string {
	var paragraphs []string
	content := 0
	for _, m := range messages {
		p := substance(clean(m))
		if p == "" {
			continue
		}
		paragraphs = append(paragraphs, p)
		for _, t := range text.Terms(p) {
			if !text.IsFunction(t.Text) {
				content++
			}
		}
	}
	if content < leastContent {
		return ""
	}
	return strings.Join(paragraphs, "\n\n")
}

// substance is a message without its courtesies. A message that only asks the visitor something is no answer.
func substance(message string) string {
	kept := withoutCourtesies(message)
	for _, s := range text.Sentences(kept) {
		if sentence := kept[s.Start:s.End]; !strings.HasSuffix(sentence, "?") && !strings.HasSuffix(sentence, "？") {
			return kept
		}
	}
	return ""
}

// withoutCourtesies takes out what is of use in its own conversation only: greetings, thanks, "one moment".
func withoutCourtesies(message string) string {
	var lines []string
	for l := range strings.Lines(message) {
		var kept []string
		for _, s := range text.Sentences(l) {
			if sentence := withoutCourtesy(l[s.Start:s.End]); sentence != "" {
				kept = append(kept, sentence)
			}
		}
		if len(kept) > 0 {
			lines = append(lines, strings.Join(kept, separator(kept[0])))
		}
	}
	return strings.Join(lines, "\n")
}

// separator stands between two sentences: nothing in a script that is written without spaces.
func separator(sentence string) string {
	unspaced := func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }
	if strings.ContainsFunc(sentence, unspaced) {
		return ""
	}
	return " "
}

// withoutCourtesy takes away the clauses with which a sentence begins and which greet, thank or ask for patience; "" if
// nothing else is said. Those further on stay: what stands around them may lean on them.
func withoutCourtesy(sentence string) string {
	for {
		i := strings.IndexAny(sentence, ",，!！:：")
		if i < 0 {
			break
		}
		if !isCourtesy(sentence[:i]) {
			return sentence
		}
		_, size := utf8.DecodeRuneInString(sentence[i:])
		sentence = strings.TrimSpace(sentence[i+size:])
	}
	if isCourtesy(sentence) {
		return ""
	}
	return sentence
}

// isCourtesy reports whether a clause is of use in its own conversation only, or holds no word at all.
func isCourtesy(clause string) bool {
	words := text.Words(clause)
	s := strings.Join(words, " ")
	return len(words) == 0 || courtesyEN.MatchString(s) || courtesyZH.ReplaceAllString(strings.Join(words, ""), "") == ""
}

// courtesyEN matches a whole clause of English small talk, in lower case and without punctuation.
var courtesyEN = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))(?: \S+){0,2}`,
	`my name is(?: \S+){1,3}`,
	`(?:this is|i am|i m)(?: \S+){1,2} (?:here|speaking)`,
	`(?:i am|i m)(?: \S+){1,2} (?:from|with) (?:the )?(?:\S+ )?(?:support|service|team|desk)`,
	`(?:many |ok |okay |great )?(?:thanks|thank you|thx|cheers)(?: (?:a lot|so much|very much|again|in advance))?` +
		`(?: for(?: \S+){1,4})?`,
	`(?:you re|you are) (?:very |most )?welcome`,
	`no problem|no worries|not at all|my pleasure|any ?time|don t mention it`,
	`(?:ok|okay|sure|alright|all right|of course|certainly|great|perfect|i see|got it|understood)` +
		`(?: (?:ok|sure|of course))?`,
	`(?:please )?(?:just |give me |wait |hold on |bear with me )?(?:one|a) (?:moment|second|sec|minute)(?: please)?`,
	`(?:please )?(?:wait|hold on|bear with me|hang on)(?: please)?`,
	`(?:let me|i will|i ll) (?:just )?(?:check|look|have a look|see|find out|ask)(?: \S+){0,6}`,
	`(?:i am|i m|we are|we re|so|very|really)? ?sorry(?: (?:about|for|to hear)(?: \S+){1,6})?`,
	`(?:i |we |my )?apolog(?:ies|ise|ize)(?: for(?: \S+){1,4})?`,
	`(?:is there |was there )?anything else(?: \S+){0,6}`,
	`(?:how|what) (?:can|may) (?:i|we) (?:help|assist|do for you)(?: \S+){0,4}`,
	`(?:i |we )?(?:hope|trust) (?:this|that|it) help(?:s|ed)`,
	`(?:i am |i m |we are )?(?:glad|happy) to (?:help|hear)(?: \S+){0,3}`,
	`(?:does|did) (?:this|that) help`,
	`(?:have|enjoy) (?:a |your )?(?:\S+ )?(?:day|evening|weekend|afternoon)`,
	`(?:bye|goodbye|good bye|see you|take care|(?:best |kind )?regards|best wishes)(?: \S+){0,2}`,
}, "|") + `)$`)

// courtesyZH matches pieces of Chinese small talk; a clause that consists of them alone says nothing more.
var courtesyZH = regexp.MustCompile(strings.Join([]string{
	`您好|你好|亲爱的|亲|早上好|下午好|晚上好|欢迎(?:光临|咨询|您)?`,
	`请?(?:您|你)?先?稍(?:等|候)(?:一下|片刻|一会儿?)?|请?(?:您|你)?等(?:一下|一会儿?)`,
	`不客气|不用谢|没关系|没事|不好意思|(?:非常|很)?抱歉|对不起|让(?:您|你)久等`,
	`(?:非常)?(?:感谢|谢谢)(?:您|你)?的?(?:耐心)?(?:等待|咨询|理解|支持|反馈)?`,
	`(?:我|这边|这就|马上|正在|现在)*(?:帮|为|给)(?:您|你)(?:查|看|核实|确认|查询|处理)(?:一下|看|一查)?`,
	`我(?:来|去)?(?:查|看|问|核实)(?:一下|看)`,
	`好的?|嗯+|收到|明白|了解`,
	`请?问?(?:还)?有(?:什么|其他|别的|什么其他)?(?:可以|能)?(?:帮到|帮助|帮)?(?:您|你)?的?(?:问题|需要)?(?:吗|呢)`,
	`祝(?:您|你)?(?:生活|购物|工作)?(?:愉快|顺利)|再见|拜拜|很?高兴为(?:您|你)服务|我是(?:人工)?客服`,
	`哈|呢|啊|哦|哟|的|了|吧`,
}, "|"))
