package listener

// sequence keeps the rules of docs/protocol.md section 1.3: the highest epoch and rising numbers, each of which is a
// batch, in a gap, or lost.
type sequence struct {
	begun bool   // next is known
	heard bool   // something was taken
	epoch uint64 // highest seen
	next  uint64 // first number that is lacking
}

// verdict is what becomes of a batch or gap.
type verdict uint8

const (
	take verdict = iota
	repeat
	lowerEpoch
	hole // numbers before it are missing
)

// start takes the first number of a connection and answers the numbers that are lost, if any.
func (s *sequence) start(first uint64) *Lost {
	if !s.begun {
		s.begun, s.next = true, first
	}
	if first <= s.next {
		return nil
	}
	lost := &Lost{First: s.next, Last: first - 1}
	s.next = first
	return lost
}

// judge takes the numbers first to last of an epoch, or says why not.
func (s *sequence) judge(epoch, first, last uint64) verdict {
	switch {
	case epoch < s.epoch:
		return lowerEpoch
	case last < s.next:
		s.epoch = epoch
		return repeat
	case first > s.next:
		return hole
	}
	s.epoch, s.next, s.heard = epoch, last+1, true
	return take
}
