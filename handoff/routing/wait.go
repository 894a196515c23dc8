package routing

import (
	"math"
	"time"
)

// Outlook is what someone who waits has before them.
type Outlook struct {
	Ahead   int           // conversations that are served before
	Slots   int           // capacity of the agents who are on duty, together
	Busy    int           // how much of it is in use
	Service time.Duration // mean time for which a conversation takes a place; 0 = not known
	Spread  time.Duration // standard deviation of that time
	Samples int           // how many conversations Service rests on
}

// Estimate is the expected wait, with the standard error of it: the truth lies within Wait ± Error about two times in
// three.
type Estimate struct {
	Wait  time.Duration
	Error time.Duration
	Known bool // false: nobody is on duty, or nothing is known of how long conversations take
}

// Wait estimates how long it takes until a conversation is given to an agent. The places in use are taken to become free
// independently of each other, at the rate of the services that were seen. So one of Slots places becomes free every
// Service/Slots, and whoever waits needs one more of them than there are ahead. The error adds up what is due to chance
// in the services themselves, and to the mean being known from Samples only. It grows with the root of the queue.
func Wait(o Outlook) Estimate {
	free := max(0, o.Slots-o.Busy)
	switch {
	case o.Slots <= 0:
		return Estimate{}
	case o.Ahead < free:
		return Estimate{Known: true}
	case o.Service <= 0 || o.Samples <= 0:
		return Estimate{}
	}
	needed := float64(o.Ahead - free + 1)
	gap := o.Service.Seconds() / float64(o.Slots)
	cv := o.Spread.Seconds() / o.Service.Seconds()
	if o.Samples < 3 {
		cv = 1 // too few to tell: as for exponential times
	}
	// The next place that becomes free has been busy for an unknown time, so that the first gap varies like an
	// exponential one, whatever the services do; the later ones vary like the services.
	chance := math.Sqrt(1+(needed-1)*cv*cv) * gap
	mean := needed * gap * cv / math.Sqrt(float64(o.Samples))
	return Estimate{Wait: seconds(needed * gap), Error: seconds(math.Hypot(chance, mean)), Known: true}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
