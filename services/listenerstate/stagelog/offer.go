package stagelog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

const (
	offerLifetime = 10 * time.Second
	tokenMost     = 64 // bytes
)

// Offer is what an instance has acknowledged of a log and not seen in the archive.
type Offer struct {
	Key     chain.Key
	Token   string // of the repair that asked; "": nobody did
	Records []chain.Record
}

// Call asks every instance for what it has of a log that is being repaired, and answers how many heard it: those that
// listen at this moment.
func (l *Log) Call(ctx context.Context, key chain.Key, token string) (heard int, err error) {
	if heard, err = l.bell.Ring(ctx, keysOf(key).head, key.String()+" "+callWord+token); err != nil {
		return 0, fmt.Errorf("call for offers of %s: %w", key, err)
	}
	return heard, nil
}

// Offer lays an instance's offers down for whoever repairs, for 10 s; a later one of the same instance replaces it.
func (l *Log) Offer(ctx context.Context, instance string, offers []Offer) error {
	_, err := l.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, offer := range offers {
			name := keysOf(offer.Key).offers
			pipe.HSet(ctx, name, instance, offer.encode())
			pipe.PExpire(ctx, name, offerLifetime)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("offer the tails of %d stage logs: %w", len(offers), err)
	}
	return nil
}

// Offers answers what was laid down of a log, and which instances did so because a repair asked. What cannot be read is left
// out.
func (l *Log) Offers(ctx context.Context, key chain.Key, token string) (offered [][]chain.Record, answered map[string]bool, err error) {
	all, err := l.client.HGetAll(ctx, keysOf(key).offers).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("read the offers of %s: %w", key, err)
	}
	answered = make(map[string]bool, len(all))
	for instance, text := range all {
		asked, records, err := decodeOffer([]byte(text))
		if err != nil {
			continue
		}
		if asked == token {
			answered[instance] = true
		}
		if len(records) > 0 {
			offered = append(offered, records)
		}
	}
	return offered, answered, nil
}

// An offer is the length of the token in a byte, the token, then per record its term, offset (8 bytes each, big-endian),
// the hash of its command's content, the number of its bytes (4), its bytes.
func (o Offer) encode() []byte {
	text := append([]byte{byte(len(o.Token))}, o.Token...)
	for _, record := range o.Records {
		text = binary.BigEndian.AppendUint64(text, record.Term)
		text = binary.BigEndian.AppendUint64(text, record.Offset)
		text = append(text, record.Payload[:]...)
		text = binary.BigEndian.AppendUint32(text, uint32(len(record.Bytes)))
		text = append(text, record.Bytes...)
	}
	return text
}

var errShortOffer = errors.New("decode offer: it ends within a record")

func decodeOffer(text []byte) (token string, records []chain.Record, err error) {
	if len(text) == 0 || len(text) < 1+int(text[0]) {
		return "", nil, errShortOffer
	}
	token, text = string(text[1:1+text[0]]), text[1+text[0]:]
	for len(text) > 0 {
		var record chain.Record
		const fixed = 8 + 8 + len(record.Payload) + 4
		if len(text) < fixed {
			return "", nil, errShortOffer
		}
		record.Term, record.Offset = binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[8:])
		copy(record.Payload[:], text[16:])
		n := uint64(binary.BigEndian.Uint32(text[fixed-4:]))
		if text = text[fixed:]; uint64(len(text)) < n {
			return "", nil, errShortOffer
		}
		record.Bytes, text = text[:n:n], text[n:]
		records = append(records, record)
	}
	return token, records, nil
}
