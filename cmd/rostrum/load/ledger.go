package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	// pollEvery is how often ledgers are asked: a node that dies takes the newest of its ledger with it.
	pollEvery  = 2 * time.Second
	pollWithin = 1500 * time.Millisecond
	// maxLedger bounds an answer in bytes: 8,192 numbers are 600 KB.
	maxLedger = 8 << 20
	// mixDelay is how long after its end a batch is made, where no ledger says it.
	mixDelay = 160 * time.Millisecond
)

// ledgers are what the SFU nodes say that they made. Safe for concurrent use.
type ledgers struct {
	// static
	doors     []string
	rooms     []jobRoom
	rendition string
	client    *http.Client

	// guarded by mu
	mu     sync.Mutex
	made   []map[uint64][]string // by room, then number: xxh64 of every batch that was given it
	epochs map[programKey]schedule
	next   map[doorRoom]uint64 // number wanted
	polls  int                 // answered
	failed int
}

type doorRoom struct{ door, room int }

// schedule is when an epoch's batches are due.
type schedule struct {
	first  uint64
	anchor time.Time
	delay  time.Duration
}

// base is, in Unix ms, when media time would have been zero.
func (s schedule) base() int64 { return s.anchor.UnixMilli() - int64(s.first)*batchMS }

func newLedgers(doors []string, rooms []jobRoom, rendition string) *ledgers {
	l := &ledgers{
		doors: doors, rooms: rooms, rendition: rendition, client: &http.Client{Timeout: pollWithin},
		epochs: map[programKey]schedule{}, next: map[doorRoom]uint64{},
	}
	for range rooms {
		l.made = append(l.made, map[uint64][]string{})
	}
	return l
}

// run polls until ctx ends.
func (l *ledgers) run(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		l.poll(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// poll asks every door for what is new in every room. A door may be gone, and a room be at home behind another.
func (l *ledgers) poll(ctx context.Context) {
	var asked sync.WaitGroup
	for door := range l.doors {
		asked.Go(func() {
			for room := range l.rooms {
				err := l.ask(ctx, doorRoom{door, room})
				l.mu.Lock()
				if err == nil {
					l.polls++
				} else if ctx.Err() == nil && !errors.Is(err, errElsewhere) {
					l.failed++
				}
				l.mu.Unlock()
			}
		})
	}
	asked.Wait()
}

// errElsewhere says that a node does not make a room's program.
var errElsewhere = errors.New("the room is at home elsewhere")

func (l *ledgers) ask(ctx context.Context, at doorRoom) error {
	l.mu.Lock()
	from := l.next[at]
	l.mu.Unlock()
	query := url.Values{
		"room": {l.rooms[at.room].Room}, "rendition": {l.rendition}, "from": {strconv.FormatUint(from, 10)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.doors[at.door]+"/ledger?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	answer, err := l.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return errElsewhere
	default:
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	entries, err := readLedger(io.LimitReader(answer.Body, maxLedger))
	l.keep(at, entries)
	return err
}

// ledgerEntry is a line of a ledger: an epoch's schedule, a batch, or a gap.
type ledgerEntry struct {
	Number  uint64    `json:"number"`
	Epoch   uint64    `json:"epoch"`
	Sum     string    `json:"xxh64"`
	First   uint64    `json:"first"`
	Last    uint64    `json:"last"`
	Gap     string    `json:"gap"`
	Anchor  time.Time `json:"anchor"`
	DelayMS int64     `json:"delay_ms"`
}

// readLedger reads lines until they end; those before an error are good.
func readLedger(r io.Reader) ([]ledgerEntry, error) {
	var out []ledgerEntry
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var e ledgerEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return out, fmt.Errorf("read a ledger: %w", err)
		}
		if e.Epoch == 0 || e.Gap != "" && e.First > e.Last {
			return out, fmt.Errorf("read a ledger: %q makes no sense", lines.Text())
		}
		out = append(out, e)
	}
	return out, lines.Err()
}

// keep takes what a door answered.
func (l *ledgers) keep(at doorRoom, entries []ledgerEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		switch {
		case !e.Anchor.IsZero():
			l.epochs[programKey{at.room, e.Epoch}] = schedule{
				first: e.First, anchor: e.Anchor, delay: time.Duration(e.DelayMS) * time.Millisecond,
			}
		case e.Gap != "":
			l.next[at] = max(l.next[at], e.Last+1)
		default:
			made := l.made[at.room]
			made[e.Number] = append(made[e.Number], e.Sum)
			l.next[at] = max(l.next[at], e.Number+1)
		}
	}
}

// schedule answers when an epoch's batches are due, where it is known.
func (l *ledgers) schedule(k programKey) (schedule, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, known := l.epochs[k]
	return s, known
}
