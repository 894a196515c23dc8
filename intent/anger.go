package intent

// Anger scores how angry a message sounds, in [0,1]: 0 calm, above 0.5 clearly angry.
func Anger(text string) float64 { return 0 }
