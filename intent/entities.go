package intent

// Entity is something a message names. Text is message[Start:End]; Value is its normalised form.
type Entity struct {
	Kind  string // order_number, email, phone, date, amount
	Value string
	Text  string
	Start int // bytes
	End   int // bytes
}

// Entities finds the entities of a message, in order of their place; spans do not overlap.
func Entities(text string) []Entity { return nil }
