package intent

import "regexp"

// The rules see clauses as [clauses] leaves them: lower case, no apostrophes, single spaces.
var personRules = []personRule{personEnglish, personChinese, personEuropean, personJapanese, personKorean}

const (
	// A person as such, whom a visitor can only mean as someone to talk to.
	human = `(?:(?:real|live|actual|human|proper|breathing)(?: life| live)? )+` +
		`(?:person|people|human|humans|human being|being|agent|agents|rep|representative|operator|someone|somebody|advisor|` +
		`adviser|assistant|support|customer service|service|chat)|humans?(?: being)?|actual person`
	// A person by function.
	staff = `person|someone|somebody|anyone|anybody|agents?|representatives?|reps?|operator|advis[oe]r|associate|consultant|` +
		`specialist|supervisor|manager|(?:staff|team) members?|members? of (?:staff|your team|the team)|employee|csr|` +
		`(?:customer|client) (?:service|support|care|services|relations)(?: (?:agent|rep|representative|person|team|staff|specialist|advisor))?|` +
		`support(?: (?:agent|team|rep|representative|person|staff|specialist))?|(?:service|sales|help ?desk) (?:agent|rep|representative|person|team)|` +
		`(?:your|the) (?:boss|superior|staff|people)`
	article = `(?:an?|the|your|some|one of your|any|another|my|some kind of)?(?: (?:other|different|senior|competent|qualified|specific))? ?`
	person  = article + `(?:` + human + `|` + staff + `)\b`
	bot     = `(?:an? |the |this |your |these |stupid |dumb |fucking )*(?:ro)?(?:bots?|chat ?bots?|machines?|computers?|ai|robots?|automated (?:system|assistant|responses?))`
)

// personEnglish wants a verb of connecting and a person as its object, or a person and little else.
var personEnglish = personRule{
	request: regexp.MustCompile(`\b(?:` +
		`(?:talk|speak|chat|spk|tlk|talking|speaking|chatting)(?: directly| live| now| again| right now)? (?:to|with|2) ` + person +
		`|(?:connect|transfer|redirect|refer|pass|hand|forward|direct|put|switch|patch|send|route|escalate|bring|get)(?: me| us| this| it| my case| my chat)?(?: on| over| through| straight| directly| back| thru)* (?:to|with|onto|in touch with|in contact with) ` + person +
		`|(?:get|give|find|send|fetch|assign|call|bring)(?: me| us) ` + person +
		`|(?:want|need|prefer|demand|require|request|requesting|like|get|have|use|see) (?:an? |the |your |some |another )?(?:(?:` + human + `)|agent|representative|rep|operator|(?:live|human) (?:chat|support|help|assistance)|supervisor|manager)\b` +
		`|(?:help|assistance|assisted|helped|support|answer|response|reply) (?:from|by|of) (?:an? |some )?(?:` + human + `|agent|representative|person)\b` +
		`|(?:have|want|need|get|let|ask|tell|can|could|would|will) (?:` + article + `(?:` + human + `|` + staff + `)) (?:to |please )*(?:call|phone|ring|contact|message)(?: me| us)\b` +
		`|(?:is|are) there (?:an?y? )?(?:` + human + `|person|someone|somebody|anyone|anybody|agent|representative)(?: here| there| available| around| online| i can| i could| to talk| to speak| who i can)` +
		`|(?:can|could|may) i (?:please )?(?:get|have|see) (?:an? )?(?:` + human + `|person|agent|representative|rep|operator|manager|supervisor)\b` +
		`|(?:escalate|escalation) (?:this|please|it|my (?:case|issue|complaint))|anyone (?:there|here|alive|home)` +
		`|(?:switch|change) to (?:an? )?(?:` + human + `|agent|live chat)\b` +
		`)|^(?:hi |hello |ok |no |just |please |a |an |the |give |i said |now |yes |again )*(?:` + human + `|person|agent|representative|rep|operator|customer (?:service|support|care)|live chat)(?: (?:please|pls|plz|now|asap|thanks|thank you|here|only|right now|immediately|agent|support))*$`),
	veto: regexp.MustCompile(`\b(?:human|humans) (?:rights?|resources|error|errors|hair|readable|body|trafficking|size|sized|made|consumption|use|food|grade|being like|verification|skin|scale|nature|factors|voice|design)\b` +
		`|\brepresentative (?:sample|of|office)\b|\b(?:travel|estate|insurance|tax|shipping|cleaning|customs|forwarding|booking|user|cleansing|drying|bonding|secret|purchasing|double) agents?\b` +
		`|\bagent (?:fees?|number|id|commission|code|program|programme|mode|api)\b|\bsupport (?:ticket|hours|email|page|case|number)\b` +
		`|\b(?:customer|client) (?:service|support|care) (?:number|hours|email|phone|address|quality|policy|job|jobs|times?|survey)\b` +
		`|\b(?:dont|do not|didnt|did not|doesnt|not|never|no need|wont|cant be bothered|rather not|without|instead of|avoid|no longer|hate|refuse to|stop)\b(?: \w+){0,3} (?:to |for )?(?:talk|speak|chat|talking|speaking|chatting|want|need|transfer|connect|transferring|connecting|escalate|put|hand|a human|an agent|a person|human|agent)\b` +
		`|\b(?:spoke|spoken|talked|chatted|was (?:talking|speaking)|been (?:talking|speaking)|was (?:connected|transferred)|already|yesterday|last (?:week|time|month|night))\b` +
		`|\bam i (?:talking|speaking|chatting)\b|\bare (?:you|we|they)\b|\b(?:is|was) (?:this|it|that|he|she)\b` +
		`|\b(?:do|does|did|will|must|should) (?:i|we|one|you) (?:always |really )?(?:have|need|want|prefer) to\b|\bbecome\b|\bwork(?:ing)? as\b|\bapply\b` +
		`|\b(?:in|at|inside|from|visit|visiting) (?:the |your |a |any |one of your |my )?(?:local |nearest |physical |retail )?(?:stores?|shops?|branch|branches|showroom|office|outlet|location)\b|\bin person\b` +
		`|\b(?:what happens|what if|if i|if we|when i|what time|which hours|how long)\b` +
		`|\b(?:agent|agents|representative|rep|manager|person|someone|operator|support|service) (?:told|said|says|promised|who told|who said|was|were|never|has|had|did|didnt|gave|hung|refused|sent)\b`),
	// Wanting no machine is wanting a person.
	always: regexp.MustCompile(`\b(?:(?:dont|do not|not|no longer|wont|hate|tired of|sick of|stop|refuse to|rather than|instead of|no more) (?:want |wanna |to |like |going |trying |gonna )*(?:talk|speak|talking|speaking|chat|chatting)(?:ing)? (?:to|with) ` + bot + `)\b` +
		`|\b(?:person|human|someone|somebody|agent|representative) (?:and )?(?:not|instead of|rather than) ` + bot + `\b|^(?:i )?(?:just )?(?:want|need) (?:an? |another )?person(?: now| please)?$`),
}

const (
	zhPerson = `(?:人工(?:客服|服务|坐席|座席)?|真人(?:客服)?|活人|客服(?:人员|专员|小姐|妹妹)?|工作人员|专员|经理|主管|负责人|领导)`
)

// personChinese wants a verb of connecting or wishing before a person, or the person alone.
var personChinese = personRule{
	request: regexp.MustCompile(
		`(?:转接?|接通?|换成?|切换|切|叫|请|找|联系|呼叫|连线|要|想要|需要|来个|来一个|派个?|给我|帮我)(?:接|到|个|一个|一下|下|位|一位|你们|你们的|至|去|来|找|转|叫|安排|跟|和|与|有|联系)*` + zhPerson +
			`|(?:跟|和|与|同)(?:个|一个|你们的?|一位|位)?(?:真正的|真的)?(?:` + zhPerson + `|人|活人)(?:聊|说话|说|讲话|讲|谈|沟通|对话|交流|通话)` +
			`|(?:找|换|叫|让|派|来)(?:个|一个|位|一位)(?:真正的|懂的|能管事的|会说话的)?人(?:来|跟|和|给|帮|接|处理|回|说|谈|聊|解决|$)` +
			`|^(?:请|麻烦|我要|快|赶紧|立刻|马上|直接|你好|您好| )*(?:人工(?:客服|服务)?|真人(?:客服)?|转人工|活人|客服)(?:吧|呢|啊|谢谢|快点|快|在吗|在不在|有吗|来| )*$` +
			`|有(?:没有)?(?:人工|真人|活人)(?:客服|服务)?(?:吗|可以|能|$)|有(?:没有)?人(?:在)?(?:吗|能管|可以管|理我|处理)|有人在吗|人工(?:客服)?在(?:吗|不在|哪)`),
	veto: regexp.MustCompile(
		`(?:不要|不用|不想|不需要|不必|无需|无须|别|不愿意?|不是要|没必要|没想|不打算|没说要|用不着|不找|拒绝)(?:再|给我|帮我|我|去|总是|老是|一直|把我|动不动就|随便)*(?:转接?|接|找|要|换|联系|叫|切换|跟|和|与)?(?:接|到|个|你们|给|去|至)*(?:人工|真人|客服|人说|经理|主管|活人|专员|工作人员)` +
			`|(?:^|[^么还会])不转(?:接)?人工` +
			`|人工(?:智能|费|成本|降解|草|合成|湖|耳蜗|审核|授精|皮|呼吸|关节|培育|钻石|香料|色素|翻译|费用|的价格)|真人(?:秀|照|版|模特|试穿|图|实拍|大小|语音)` +
			`|(?:几点|什么时候|工作时间|上班|下班|营业时间|电话|号码|邮箱|多少钱|收费|待遇|工资|招聘|应聘|态度|要多久审)` +
			`|你是(?:不是)?(?:人工|真人|客服|活人|机器)|是(?:人工|真人)(?:吗|还是)|还是(?:人工|真人)|(?:刚才|刚刚|昨天|前天|上次|之前|已经|上周).{0,8}(?:人工|客服|经理|专员|工作人员)` +
			`|(?:客服|人工|专员|经理|工作人员)(?:说|告诉|答应|承诺|跟我说|回复我|让我|态度)|怎么(?:当|成为|应聘)|项目经理|客户经理的|转过人工`),
	always: regexp.MustCompile(`(?:不想|不要|不愿意?|别让我|懒得|拒绝|讨厌)(?:再)?(?:跟|和|与|同)(?:你这个?)?(?:机器人?|机器|智能客服|ai|人工智能)(?:聊|说|讲|谈|沟通|对话|$)` +
		`|不要(?:智能|机器人?)客服`),
}

// personEuropean covers the usual phrase of seven languages: to speak with a person.
var personEuropean = personRule{
	request: regexp.MustCompile(
		`\bmit (?:einem|einer|dem|ihrem|jemand(?:em)?)? ?(?:echten |richtigen |menschlichen )?(?:menschen?|person|mitarbeiter(?:in)?|kundenberater|berater(?:in)?|kundendienst|kundenservice|ansprechpartner|agenten|jemand(?:em)?)\b.*\b(?:sprechen|reden|verbinden|verbunden|chatten|telefonieren|schreiben)\b` +
			`|\b(?:verbinde(?:n)? (?:sie )?mich|sprechen|reden) (?:bitte )?mit (?:einem|einer) (?:echten )?(?:menschen|mitarbeiter|berater|person)` +
			`|\b(?:parler|discuter|echanger|échanger)(?: directement)? (?:à|a|avec) (?:un|une|quelqu|votre|des)? ?(?:vrai |vraie )?(?:humain|personne|conseiller|conseillère|agent|quelquun|un|opérateur|être humain|responsable)` +
			`|\b(?:hablar|chatear|comunicarme|contactar|comuníqueme)(?: directamente)? con (?:una?|alguien|algún)? ?(?:persona|humano|agente|alguien|asesor|asesora|representante|operador|operadora|humana|ser humano)` +
			`|\bparlare con (?:una?|qualcuno)? ?(?:vera |vero )?(?:persona|operatore|umano|operatrice|qualcuno|essere umano|consulente)` +
			`|\bfalar com (?:uma?|algu[eé]m)? ?(?:pessoa|humano|atendente|alguém|alguem|agente|operador|ser humano)` +
			`|\b(?:een|met een) (?:echt )?(?:mens|medewerker|persoon|echte persoon)\b.*\b(?:spreken|praten|chatten)\b|\b(?:spreken|praten) met een (?:echt |echte )?(?:mens|medewerker|persoon)\b` +
			`|(?:поговорить|соедините|связаться|переключите|соедини|переведите|позовите|пообщаться)(?: меня)?(?: с| на)? ?(?:живым |живого )?(?:оператор|человек|сотрудник|менеджер|специалист)`),
	veto: regexp.MustCompile(`\b(?:nicht|kein|keinen|keine|ohne|gesprochen)\b|\b(?:ne|n|pas|sans)\b|\b(?:no quiero|sin|no necesito|no deseo)\b|\b(?:non voglio|senza|non)\b|\b(?:não|nao|sem)\b|\b(?:niet|geen|zonder)\b|(?:^| )(?:не|без) `),
}

var personJapanese = personRule{
	request: regexp.MustCompile(`(?:オペレーター|担当者|人間|有人|スタッフ)(?:の方)?(?:に|と|へ|を)?(?:繋|つな|つない|代わ|替わ|かわ|話|お願い|呼ん|チャット|対応)`),
	veto:    regexp.MustCompile(`(?:たくない|不要|いらない|必要ない|ですか$|しないで)`),
}

var personKorean = personRule{
	request: regexp.MustCompile(`(?:상담원|상담사|사람|직원)(?:과|이랑|하고|와|에게|한테|을|를|으로)? ?(?:연결|바꿔|통화|대화|상담|이야기|얘기|불러)`),
	veto:    regexp.MustCompile(`(?:싫|필요 ?없|말고|하지 마|안 해도)`),
}
