package bot

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

// ferries is the help page of a ferry line, by title.
func ferries() map[string]string {
	return map[string]string{
		"Bicycles": "A bicycle travels for 4 euros on the day boat to Norholm. Tandems need a cargo ticket. On the " +
			"night boat bicycles must be booked a week before, because the car deck is small.",
		"Dogs": "Dogs on a lead are welcome on deck and in the lounge. They may not enter the restaurant. On the night " +
			"boat a dog cabin costs 25 euros; guide dogs travel free.",
		"Refunds": "Tickets are refunded in full until the evening before the crossing. After a missed departure we refund " +
			"half of the fare. Group tickets of the Solvik route cannot be refunded.",
		"Timetable": "The day boat leaves Norholm at 9:15 and reaches Solvik at noon. The night boat runs from May to " +
			"October. In a storm the crossing is cancelled and buses run over the bridge.",
		"自行车": "自行车乘坐白天的渡轮去诺岛收费四欧元。双人自行车需要买货运票。夜间渡轮的车辆甲板较小，自行车必须提前一周预订。",
		"宠物":  "牵绳的狗可以在甲板和休息厅停留，但不能进入餐厅。夜间渡轮的宠物舱每晚二十五欧元，导盲犬免费乘船。",
		"退票":  "开船前一天晚上之前可以全额退票。错过开船以后我们退还一半票款。索维克航线的团体票不能退票。",
		"时刻表": "白天的渡轮九点十五分从诺岛出发，中午到达索维克。夜间渡轮五月到十月运行。遇到风暴时航班取消，由巴士过桥运送乘客。",
	}
}

func TestAnswerabilityTellsLookAlikesFromAnswerableQuestions(t *testing.T) {
	t.Parallel()
	base, ws := ferryBase(t)
	ask := func(question string) float64 {
		res, err := base.Search(t.Context(), ws, knowledge.Query{Text: question})
		require.NoError(t, err)
		return Answerability(res.Evidence)
	}
	for _, pair := range []struct{ why, answerable, lookAlike string }{
		{"another boat", "When does the day boat leave Norholm?", "When does the night boat leave Norholm?"},
		{"another animal", "Are dogs welcome in the lounge?", "Are tandems welcome in the lounge?"},
		{"another reason", "Does the bus run over the bridge in a storm?", "Does the bus run over the bridge at noon?"},
		{"another route", "Are group tickets of the Solvik route refunded?", "Are group tickets of the Norholm route refunded?"},
		{"another price", "What costs a dog cabin on the night boat?", "What costs a dog cabin on the day boat?"},
		{"turned round", "From when is the night boat running?", "From when is the night boat not running?"},
		{"another boat in Chinese", "白天的渡轮几点从诺岛出发？", "夜间渡轮几点从诺岛出发？"},
		{"another animal in Chinese", "狗可以在休息厅停留吗？", "狗可以在车辆甲板停留吗？"},
		{"another route in Chinese", "索维克航线的团体票能退票吗？", "诺岛航线的团体票能退票吗？"},
		{"another cabin in Chinese", "夜间渡轮的宠物舱多少欧元？", "白天渡轮的宠物舱多少欧元？"},
		{"turned round in Chinese", "夜间渡轮几月到几月运行？", "夜间渡轮几月到几月不运行？"},
	} {
		require.Greater(t, ask(pair.answerable), ask(pair.lookAlike), pair.why)
	}
}

func TestAnswerabilityIsMonotone(t *testing.T) {
	t.Parallel()
	middle := knowledge.Evidence{Score: 0.5, Gap: 0.5, Sentence: 0.5, Complete: 0.5, NamesMissing: 0.2}
	for name, better := range map[string]func(*knowledge.Evidence){
		"score":    func(e *knowledge.Evidence) { e.Score = 0.6 },
		"gap":      func(e *knowledge.Evidence) { e.Gap = 0.6 },
		"sentence": func(e *knowledge.Evidence) { e.Sentence = 0.6 },
		"complete": func(e *knowledge.Evidence) { e.Complete = 0.6 },
		"names":    func(e *knowledge.Evidence) { e.NamesMissing = 0.1 },
	} {
		e := middle
		better(&e)
		require.Greater(t, Answerability(e), Answerability(middle), name)
	}
	negated := middle
	negated.Negated = 1
	require.Less(t, Answerability(negated), Answerability(middle))
}

func ferryBase(t *testing.T) (*knowledge.Base, uuid.UUID) {
	t.Helper()
	db := pgtest.Open(t)
	base, ws := knowledge.New(db, nil), pgtest.Workspace(t, db)
	var items []knowledge.DocumentPassages
	for title, text := range ferries() {
		d := knowledge.Document{Collection: "help", URI: title, Title: title}
		p := knowledge.Passage{Title: title, Text: text}
		items = append(items, knowledge.DocumentPassages{Document: d, Passages: []knowledge.Passage{p}})
	}
	require.NoError(t, base.ReplaceAll(t.Context(), ws, items))
	return base, ws
}
