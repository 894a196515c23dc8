package sim

import "math"

// ErlangC is the probability that somebody has to wait for one of c servers, offered a load of a conversations at a
// time, if nobody gives up and arrivals and handling times are exponential. At a >= c everybody waits.
func ErlangC(c int, a float64) float64 {
	if a >= float64(c) {
		return 1
	}
	// The recursion over the loss probability does not overflow, as factorials would.
	loss := 1.0
	for n := 1; n <= c; n++ {
		loss = a * loss / (float64(n) + a*loss)
	}
	rho := a / float64(c)
	return loss / (1 - rho + rho*loss)
}

// erlangWait is the wait that a share q stays below, in seconds, for a mean handling time in seconds.
func erlangWait(c int, a, handling, q float64) float64 {
	p := ErlangC(c, a)
	if p >= 1 {
		return math.Inf(1)
	}
	if 1-q >= p {
		return 0
	}
	return math.Log(p/(1-q)) * handling / (float64(c) - a)
}
