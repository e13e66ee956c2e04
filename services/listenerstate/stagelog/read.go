package stagelog

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

// Page is a part of a log, and its head at the same moment.
type Page struct {
	Head chain.Head
	// Acked is the newest offset that is held twice.
	Acked uint64
	// Enforced is up to where the SFU does what the stage says; zero where that is not known in this term.
	Enforced chain.Position
	Records  []chain.Record

	// Of a guarded log:

	// Tracked says that the fields that follow are known: the log was made, or last seeded, as a guarded one.
	Tracked bool
	// Archived is the newest offset that is known to be in the archive.
	Archived uint64
	// Base is the offset at which the term began.
	Base uint64
	// Life is that of Redis in which the log was last verified.
	Life string
	// SnapshotAt is the offset of the snapshot that the log keeps; 0: it keeps none.
	SnapshotAt uint64
}

// ArchivedAt is the newest position that is known to be in the archive.
func (p Page) ArchivedAt() chain.Position {
	return chain.Position{Term: p.Head.Term, Offset: p.Archived}
}

// Read answers up to limit records after a position of the current term, by offset; after the zero position: from the
// oldest on. Errors: ErrLost; of a guarded log ErrRestarted, with the page all the same.
func (l *Log) Read(ctx context.Context, key chain.Key, after chain.Position, limit int64) (Page, error) {
	start := "-"
	if after.Offset > 0 {
		start = chain.Position{Term: after.Term, Offset: after.Offset + 1}.String()
	}
	return l.read(ctx, key, start, limit)
}

// Head answers a page without records. Errors as of Read.
func (l *Log) Head(ctx context.Context, key chain.Key) (Page, error) {
	page, err := l.read(ctx, key, "+", 1)
	page.Records = nil
	return page, err
}

func (l *Log) read(ctx context.Context, key chain.Key, start string, limit int64) (Page, error) {
	k := keysOf(key)
	head, entries, err := l.look(ctx, k, start, limit, false)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		head, entries, err = l.look(ctx, k, start, limit, true)
	}
	if err != nil {
		return Page{}, fmt.Errorf("read stage log %s: %w", key, err)
	}
	page, err := decodeHead(head)
	if err != nil {
		return Page{}, err
	}
	for _, entry := range entries {
		record, err := decodeEntry(entry)
		if err != nil {
			return Page{}, fmt.Errorf("read stage log %s: %w", key, err)
		}
		page.Records = append(page.Records, record)
	}
	if l.guarded && head[headVerified] != "1" {
		return page, ErrRestarted
	}
	return page, nil
}

// look reads the fields of a head and a part of the stream in one step; source: the script is sent whole.
func (l *Log) look(ctx context.Context, k keys, start string, limit int64, source bool) ([]string, []redis.XMessage, error) {
	var fields *redis.SliceCmd
	var script *redis.Cmd
	var entries *redis.XMessageSliceCmd
	_, err := l.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		switch {
		case !l.guarded:
			fields = tx.HMGet(ctx, k.head, "term", "offset", "hash", "acked", "enforced")
		case source:
			script = l.head.Eval(ctx, tx, []string{k.head})
		default:
			script = l.head.EvalSha(ctx, tx, []string{k.head})
		}
		entries = tx.XRangeN(ctx, k.log, start, "+", limit)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if script != nil {
		head, err := script.StringSlice()
		return head, entries.Val(), err
	}
	head := make([]string, 0, len(fields.Val()))
	for _, value := range fields.Val() {
		text, _ := value.(string)
		head = append(head, text)
	}
	return head, entries.Val(), nil
}

// What the fields of a head are, in the order in which they are read. Those from headArchived on are of guarded logs.
const (
	headTerm = iota
	headOffset
	headHash
	headAcked
	headEnforced
	headArchived
	headBase
	headSnapshot
	headVerified
	headLife
	headFields
)

func decodeHead(texts []string) (Page, error) {
	var page Page
	if len(texts) <= headEnforced || texts[headTerm] == "" || texts[headOffset] == "" || texts[headHash] == "" || texts[headAcked] == "" {
		return page, ErrLost
	}
	var err error
	if page.Enforced, err = decodeEnforced(texts[headEnforced]); err != nil {
		return page, err
	}
	if page.Head.Position, err = chain.ParsePosition(texts[headTerm] + "-" + texts[headOffset]); err != nil {
		return page, fmt.Errorf("decode head: %w", err)
	}
	if page.Acked, err = strconv.ParseUint(texts[headAcked], 10, 64); err != nil {
		return page, fmt.Errorf("decode head: %w", err)
	}
	if copy(page.Head.Hash[:], texts[headHash]) != len(page.Head.Hash) {
		return page, fmt.Errorf("decode head: the hash has %d bytes", len(texts[headHash]))
	}
	if len(texts) < headFields || texts[headArchived] == "" || texts[headBase] == "" {
		return page, nil
	}
	page.Tracked, page.Life = true, texts[headLife]
	for at, field := range map[int]*uint64{headArchived: &page.Archived, headBase: &page.Base, headSnapshot: &page.SnapshotAt} {
		if texts[at] == "" {
			continue
		}
		if *field, err = strconv.ParseUint(texts[at], 10, 64); err != nil {
			return page, fmt.Errorf("decode head: %w", err)
		}
	}
	return page, nil
}

func isNil(err error) bool { return errors.Is(err, redis.Nil) }

func decodeEntry(entry redis.XMessage) (chain.Record, error) {
	var record chain.Record
	var err error
	if record.Position, err = chain.ParsePosition(entry.ID); err != nil {
		return record, err
	}
	stored, _ := entry.Values["e"].(string)
	payload, _ := entry.Values["p"].(string)
	if stored == "" || len(payload) != len(record.Payload) {
		return record, fmt.Errorf("entry %s is not an event", entry.ID)
	}
	record.Bytes = []byte(stored)
	copy(record.Payload[:], payload)
	return record, nil
}
