package listenerstate

import "rostrum/services/listenerstate/chain"

// shelf is what Redis has of a log behind the archive's head.
type shelf struct {
	there   bool // Redis has a head
	fits    bool // it goes on from the archive without a break
	records []chain.Record
	acked   uint64
}

// judge compares what Redis, the archive and instances have. It is fine where Redis has everything that any of them has; else
// it answers what of all that goes on from the archive is the longest that was acknowledged.
func (s shelf) judge(key chain.Key, a archived, offers [][]chain.Record) (best []chain.Record, fine bool) {
	fine = s.fits
	for _, offer := range offers {
		rest, use := beyond(key, a, offer)
		switch use {
		case useNone:
			continue
		case useConflict:
			fine = false
			continue
		}
		if len(rest) > len(best) {
			best = rest
		}
		if len(rest) > 0 && !s.contains(rest) {
			fine = false
		}
	}
	if fine {
		return nil, true
	}
	// What Redis has and nobody offered may be acknowledged too: by an instance that is gone.
	if s.fits && (len(best) == 0 || s.contains(best) || s.acked > best[len(best)-1].Offset) {
		best = s.records
	}
	return best, false
}

// contains says whether Redis has a chain too. The last record ties all before it.
func (s shelf) contains(chained []chain.Record) bool {
	n := len(chained)
	return s.fits && n <= len(s.records) && sameRecord(s.records[n-1], chained[n-1])
}

// use is what an offer is good for.
type use int

const (
	useNone     use = iota // of an older term: it was judged before
	useChain               // it goes on from the archive, or the archive has it
	useConflict            // it is of this term and does not fit the archive
)

// beyond answers what an offer has behind the archive's head.
func beyond(key chain.Key, a archived, offer []chain.Record) ([]chain.Record, use) {
	if len(offer) == 0 || offer[len(offer)-1].Term < a.head.Term {
		return nil, useNone
	}
	rest := offer
	for len(rest) > 0 && rest[0].Offset <= a.head.Offset {
		if rest[0].Offset == a.head.Offset && rest[0].Head().Hash != a.head.Hash {
			return nil, useConflict
		}
		rest = rest[1:]
	}
	if _, _, err := fold(key, a.stage, a.head, rest); err != nil {
		return nil, useConflict
	}
	return rest, useChain
}
