package bot

import "strings"

// phrase is what the bot says of its own accord in one language. Agents and knowledge managers never write these.
type phrase struct {
	handoff map[string]string // by reason
	clarify string
	unclear string // answers a message without words
}

// phrases returns the texts in lang, or in English where there are none.
func phrases(lang string) phrase {
	if strings.HasPrefix(lang, "zh") {
		return phrase{
			handoff: map[string]string{
				ReasonAskedForPerson: "好的，正在为您转接人工客服，请稍候。",
				ReasonAnger:          "非常抱歉给您带来不好的体验。我马上请同事来处理。",
				ReasonFrustrated:     "很抱歉没能帮到您。我请同事来接着处理。",
				ReasonRepeated:       "看来我还没有答到点上，我请同事来回答您。",
				ReasonSensitive:      "这件事需要由同事亲自处理，正在为您转接人工客服。",
				ReasonLowConfidence:  "这个问题我没有十足的把握，为了不误导您，我请同事来回答。",
				ReasonOutOfScope:     "这个问题超出了我能回答的范围，我请同事来看看。",
				ReasonNoAnswer:       "我在帮助中心没有找到答案，正在为您转接人工客服。",
				ReasonModelFailure:   "我暂时无法给出可靠的回答，正在为您转接人工客服。",
			},
			clarify: "为了准确回答，请问您指的是哪一个？",
			unclear: "我没有看明白，请用几个字告诉我您需要什么帮助。",
		}
	}
	return phrase{
		handoff: map[string]string{
			ReasonAskedForPerson: "Of course. I am passing you to a colleague now.",
			ReasonAnger:          "I am sorry about this. A colleague will take over right away.",
			ReasonFrustrated:     "I am sorry that this did not help. A colleague will take it from here.",
			ReasonRepeated:       "It seems that I have not answered your question, so I am passing you to a colleague.",
			ReasonSensitive:      "This is something a colleague should look after in person. I am passing you on now.",
			ReasonLowConfidence:  "I am not sure enough to answer this one, so I am passing you to a colleague.",
			ReasonOutOfScope:     "This is outside what I can answer. I am passing you to a colleague.",
			ReasonNoAnswer:       "I could not find this in our help centre. I am passing you to a colleague.",
			ReasonModelFailure:   "I cannot give you a reliable answer at the moment, so I am passing you to a colleague.",
		},
		clarify: "To give you the right answer: which of these do you mean?",
		unclear: "I did not understand that. Please tell me in a few words what you need.",
	}
}
