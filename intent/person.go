package intent

// WantsPerson reports whether the message explicitly asks to talk to a person.
func WantsPerson(text string) bool { return false }
