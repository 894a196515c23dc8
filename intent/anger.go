package intent

import (
	"math"
	"regexp"
	"strings"
	"unicode"

	"handrail/internal/text"
)

// Anger scores how angry a message sounds, in [0,1]: 0 calm, above 0.5 clearly angry. It adds up insults, complaints
// and threats in English and Chinese, capitals, and repeated exclamation marks; each further sign adds less.
func Anger(message string) float64 {
	folded := text.Normalize(message)
	plainText := strings.Join(strings.FieldsFunc(strings.NewReplacer("'", "", "’", "").Replace(folded), separating), " ")
	plainText = calming.ReplaceAllString(plainText, " ")
	sum := 0.0
	for _, s := range angerSigns {
		if n := len(s.pattern.FindAllStringIndex(plainText, 4)); n > 0 {
			sum += s.weight * (1 + 0.3*float64(n-1))
		}
	}
	sum += shouting(message)
	// Marks alone may be joy; they only strengthen what the words say.
	if marks := strings.Count(folded, "!"); marks >= 3 {
		sum += 0.25
	} else if marks > 0 && sum > 0 {
		sum += 0.1
	}
	if strings.Contains(folded, "??") && sum > 0 {
		sum += 0.15
	}
	return 1 - math.Exp(-sum)
}

// shouting weighs messages written mostly in capitals. Short ones are left out: "OK" and "HR-10423" are not shouted.
func shouting(message string) float64 {
	upper, letters, words := 0, 0, 0
	for _, w := range strings.Fields(message) {
		n := 0
		for _, r := range w {
			switch {
			case unicode.IsUpper(r):
				upper++
				n++
			case unicode.IsLower(r):
				letters++
			}
		}
		letters += n
		if n >= 2 {
			words++
		}
	}
	if words >= 3 && upper*10 >= letters*8 {
		return 0.5
	}
	return 0
}

// angerSign is a family of expressions that say the same about the mood. A weight of 0.7 passes 0.5 by itself.
type angerSign struct {
	weight  float64
	pattern *regexp.Regexp
}

var angerSigns = []angerSign{
	{1.2, regexp.MustCompile(`\b(?:fuck\w*|f ?ck\w*|wtf|stfu|bullshit|bs|shit\w*|asshole\w*|bastards?|bitch\w*|piss(?:ed)? off|pissed|dickheads?|screw you|go to hell)\b`)},
	{0.8, regexp.MustCompile(`\b(?:idiots?|idiotic|morons?|imbeciles?|stupid|dumb|useless|incompetent|liars?|thieves|crooks?|scammers?|frauds?|clowns|pathetic|worthless|trash|garbage|crap|crappy|hopeless)\b`)},
	{0.8, regexp.MustCompile(`\b(?:furious|outraged?|outrageous|livid|fed up|enraged|infuriat\w+|disgust\w+|unacceptable|ridiculous|disgrace\w*|appalling|absurd|insulting|shameful|shame on you|sick of|sick and tired|had enough|what a joke|is a joke|rip ?off|ripped off|angry|mad at|so annoyed|extremely (?:upset|annoyed|frustrated))\b`)},
	{0.5, regexp.MustCompile(`\b(?:worst|terrible|horrible|awful|hate|annoy\w+|frustrat\w+|upset|nonsense|unbelievable|waste of (?:time|money)|never again|disappoint\w+|damn|hell|rude|lying|lied|stole|steal my money|for the (?:third|fourth|fifth|last|hundredth) time|how many (?:more )?times|over and over)\b`)},
	{0.7, regexp.MustCompile(`\b(?:sue you|lawyers?|attorney|legal action|take you to court|report you|trading standards|better business bureau|chargeback|see you in court)\b`)},
	{0.2, regexp.MustCompile(`\b(?:still (?:not|no|waiting|havent|nothing)|nobody (?:answers|replies|helps|cares)|no one (?:answers|replies|helps|cares)|weeks|ignored|ignoring me|again)\b`)},
	{1.2, regexp.MustCompile(`傻[逼比叉b]|煞笔|沙比|sb客服|他妈|tmd|妈的|尼玛|你妈|操你|卧槽|我靠|狗屁|放屁|王八蛋|混蛋|畜生|去死|滚蛋|滚吧|^滚|脑残|智障|神经病|不要脸|无耻`)},
	{0.8, regexp.MustCompile(`垃圾|骗子|骗人|骗钱|诈骗|欺骗|废物|坑人|坑爹|黑店|奸商|忽悠|耍我|玩我|气死|气炸|愤怒|火大|生气|恶心|受够|忍无可忍|太过分|过分了|岂有此理|吃屎|什么破|破公司|烂公司|太烂|真烂|敷衍|有病吧|当我傻`)},
	{0.5, regexp.MustCompile(`太差|差劲|很差|差评|无语|失望|不满|再也不|糟糕|糟透|讨厌|烦死|烦人|太慢了|什么态度|态度差|态度太|不负责任|推卸|搞什么|怎么回事啊|没人管|没人理|浪费时间|凭什么|离谱`)},
	{0.7, regexp.MustCompile(`12315|消协|消费者协会|投诉你|要投诉|去投诉|举报|曝光|起诉|法院见|律师|工商局|报警`)},
	{0.2, regexp.MustCompile(`还没|还不|到底|多少次|几次了|好几天|一直没|都.{1,4}天了|又`)},
}

// calming removes what only looks like anger: denied feelings, products, and blame of oneself.
var calming = regexp.MustCompile(`\b(?:not|never|isnt|im not|am not|without being|no longer) (?:\w+ )?(?:angry|mad|upset|annoyed|frustrated|disappointed|hate|terrible|bad|stupid|furious)\b` +
	`|\b(?:sorry|stupid|dumb) (?:for )?(?:the |my |a |this )?(?:stupid|dumb) question\b|\b(?:stupid|dumb|silly) (?:question|mistake of mine|me)\b|\b(?:i am|im|i was|i feel) (?:so |such )?(?:an? )?(?:stupid|dumb|idiot)\b` +
	`|\b(?:trash|garbage|crap) (?:bags?|cans?|bins?|bag|disposal|chute)\b|\bmad (?:about|max)\b|\b(?:dont|didnt|do not) (?:hate|mean to be rude)\b` +
	`|\b(?:report|detect|avoid|prevent|identity|card|suspected) (?:a )?fraud\b|\bfraud (?:protection|alert|department|prevention)\b|\bhell(?:o| of a (?:good|deal))\b|\bhow do i hate\b|\bagain (?:thanks|thank you)\b|\bthanks again\b` +
	`|垃圾(?:袋|桶|箱|分类|处理|邮件|短信)|不(?:是)?(?:太|很|会|要|用)?(?:生气|讨厌|失望|恶心)|没(?:有)?(?:生气|失望)|防(?:诈骗|骗)|诈骗(?:电话|短信|信息)|(?:怕|担心|小心|遇到)(?:被骗|骗子|诈骗)|孕吐|晕车恶心`)
