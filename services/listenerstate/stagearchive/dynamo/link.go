package dynamo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rostrum/services/listenerstate/chain"
)

// A link's value starts with its form; numbers are big-endian.
const (
	formEvents byte = 1 // term (8), then of each event: hash of the command (32), length (4), bytes
	formClaim  byte = 2 // term (8), hash of the newest event (32), token (16)
)

const (
	termBytes   = 8
	hashBytes   = len(chain.Hash{})
	recordBytes = hashBytes + 4 // beside the event's own
	linkPrefix  = "e#"
	linkDigits  = 20 // of the greatest uint64
)

// errMalformed says that an item of the table was not written by this package.
var errMalformed = errors.New("the stored item is malformed")

// token tells one's own claim from another's where the answer of the store was lost.
type token [16]byte

// link is what followed one head of a log: events of one term, or the claim of a term. Its sort key is that head, so
// that nothing else can ever follow it, and the links of a log are one chain in the order of their keys.
type link struct {
	behind  chain.Position
	records []chain.Record // in order, without a hole; none: a claim
	claimed chain.Head     // the head after a claim: another term, the same event
	token   token
}

// head answers the head of a log whose newest link this is.
func (l link) head() chain.Head {
	if n := len(l.records); n > 0 {
		return l.records[n-1].Head()
	}
	return l.claimed
}

// linkKey answers the sort key of what follows a head. The offset comes first: it is what one reads from.
func linkKey(behind chain.Position) string {
	return fmt.Sprintf("%s%0*d#%0*d", linkPrefix, linkDigits, behind.Offset+1, linkDigits, behind.Term)
}

// linkKeyUpTo is not below the key of any link whose first event is at or before an offset.
func linkKeyUpTo(offset uint64) string {
	return fmt.Sprintf("%s%0*d#~", linkPrefix, linkDigits, offset)
}

func parseLinkKey(key string) (chain.Position, error) {
	offset, term, _ := strings.Cut(strings.TrimPrefix(key, linkPrefix), "#")
	first, err := strconv.ParseUint(offset, 10, 64)
	if err != nil || first == 0 {
		return chain.Position{}, fmt.Errorf("%w: the key %q", errMalformed, key)
	}
	behind := chain.Position{Offset: first - 1}
	if behind.Term, err = strconv.ParseUint(term, 10, 64); err != nil || linkKey(behind) != key {
		return chain.Position{}, fmt.Errorf("%w: the key %q", errMalformed, key)
	}
	return behind, nil
}

// value answers the stored bytes of a link.
func (l link) value() []byte {
	if len(l.records) == 0 {
		value := binary.BigEndian.AppendUint64([]byte{formClaim}, l.claimed.Term)
		return append(append(value, l.claimed.Hash[:]...), l.token[:]...)
	}
	size := 1 + termBytes
	for _, record := range l.records {
		size += stored(record)
	}
	value := binary.BigEndian.AppendUint64(append(make([]byte, 0, size), formEvents), l.records[0].Term)
	for _, record := range l.records {
		value = append(value, record.Payload[:]...)
		value = binary.BigEndian.AppendUint32(value, uint32(len(record.Bytes)))
		value = append(value, record.Bytes...)
	}
	return value
}

// stored answers the bytes that a record takes in a link.
func stored(record chain.Record) int { return recordBytes + len(record.Bytes) }

// decodeLink reads a link; what it answers shares value's memory. Errors: errMalformed.
func decodeLink(key string, value []byte) (link, error) {
	behind, err := parseLinkKey(key)
	if err != nil {
		return link{}, err
	}
	l := link{behind: behind}
	if len(value) < 1+termBytes {
		return link{}, fmt.Errorf("%w: a link of %d bytes", errMalformed, len(value))
	}
	form, term, rest := value[0], binary.BigEndian.Uint64(value[1:]), value[1+termBytes:]
	switch form {
	case formEvents:
		l.records, err = decodeRecords(chain.Position{Term: term, Offset: behind.Offset}, rest)
	case formClaim:
		err = l.decodeClaim(term, rest)
	default:
		err = fmt.Errorf("%w: a link of form %d", errMalformed, form)
	}
	if err == nil && term < behind.Term {
		err = fmt.Errorf("%w: term %d behind term %d", errMalformed, term, behind.Term)
	}
	if err != nil {
		return link{}, err
	}
	return l, nil
}

func (l *link) decodeClaim(term uint64, rest []byte) error {
	if len(rest) != hashBytes+len(l.token) || term == l.behind.Term || l.behind.Offset == 0 {
		return fmt.Errorf("%w: a claim of term %d with %d bytes", errMalformed, term, len(rest))
	}
	l.claimed.Position = chain.Position{Term: term, Offset: l.behind.Offset}
	copy(l.token[:], rest[copy(l.claimed.Hash[:], rest):])
	return nil
}

// decodeRecords reads the events behind an offset.
func decodeRecords(at chain.Position, rest []byte) ([]chain.Record, error) {
	var records []chain.Record
	for len(rest) > 0 {
		if len(rest) < recordBytes {
			return nil, fmt.Errorf("%w: an event of %d bytes", errMalformed, len(rest))
		}
		at.Offset++
		record := chain.Record{Position: at}
		copy(record.Payload[:], rest)
		length := uint64(binary.BigEndian.Uint32(rest[hashBytes:]))
		rest = rest[recordBytes:]
		if length == 0 || length > uint64(len(rest)) || at.Offset == 0 {
			return nil, fmt.Errorf("%w: an event of %d bytes, there are %d", errMalformed, length, len(rest))
		}
		record.Bytes, rest = rest[:length:length], rest[length:]
		records = append(records, record)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%w: a link without events", errMalformed)
	}
	return records, nil
}
