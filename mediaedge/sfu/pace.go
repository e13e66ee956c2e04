package sfu

import "time"

// maxPacketRate bounds a publisher's packets a second: 10 ms packets and some. A burst may hold a second's worth.
const maxPacketRate = 120

// pace lets maxPacketRate packets a second through. The zero value is full.
type pace struct {
	spent float64
	at    time.Time
}

func (p *pace) allows(now time.Time) bool {
	p.spent = max(0, p.spent-now.Sub(p.at).Seconds()*maxPacketRate)
	p.at = now
	if p.spent > maxPacketRate-1 {
		return false
	}
	p.spent++
	return true
}
