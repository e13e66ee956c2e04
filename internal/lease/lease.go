// Package lease owns appointments kept in Redis: who holds a name, until when, and under which fencing number.
//
// A fencing number is above every one that was given for the name before, and not below the store's Unix time in
// milliseconds, so that it rises even where the store has lost its memory. It stays known after the lease has run out.
package lease

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/redisdb"
)

// Limit bounds fencing numbers and rising fields: the store computes with float64.
const Limit = 1 << 52

// Remembered is how long the store keeps a lease that nobody touches: its fencing number, its fields.
const Remembered = 7 * 24 * time.Hour

//go:embed lease.lua
var source string

// Lease is an appointment as the store knows it; the zero Lease was never given.
type Lease struct {
	Holder string            // "" after a release
	Fence  uint64            // of the newest appointment
	Left   time.Duration     // 0: nobody holds it
	Fields map[string]string // what the holders wrote
	Rising map[string]uint64 // the highest that was ever written
}

// Held says whether somebody holds the lease.
func (l Lease) Held() bool { return l.Left > 0 }

// Claim is what a holder asks for.
type Claim struct {
	Holder string
	Hold   time.Duration     // at least 1 ms
	Fields map[string]string // replace fields of the same name, others stay
	Rising map[string]uint64 // raise fields of the same name, never lower them
}

// Store keeps leases. Safe for concurrent use.
type Store struct {
	redis  redis.UniversalClient
	script *redis.Script
}

// New makes a store on a client, which stays the caller's to close.
func New(client redis.UniversalClient) *Store {
	return &Store{redis: client, script: redis.NewScript(source)}
}

// Acquire appoints the claimant under a new fencing number above known, unless another holds the lease: then the fault
// is conflict and the lease is that other's. Who holds it already gets a new number too.
func (s *Store) Acquire(ctx context.Context, key string, c Claim, known uint64) (Lease, error) {
	return s.write(ctx, key, "acquire", c, known)
}

// Seize appoints the claimant whoever holds the lease. A claimant that holds it keeps its fencing number.
func (s *Store) Seize(ctx context.Context, key string, c Claim) (Lease, error) {
	return s.write(ctx, key, "seize", c, 0)
}

// Renew goes on with an appointment, also one that has run out and one that the store has forgotten. The fault is
// conflict where a newer appointment was made.
func (s *Store) Renew(ctx context.Context, key string, c Claim, fence uint64) (Lease, error) {
	return s.write(ctx, key, "renew", c, fence)
}

// Release ends an appointment. One that is no longer in force is left alone.
func (s *Store) Release(ctx context.Context, key, holder string, fence uint64) error {
	_, err := s.write(ctx, key, "release", Claim{Holder: holder}, fence)
	if fault.Is(err, fault.CodeConflict) {
		return nil
	}
	return err
}

// Read answers leases in the order of keys. It fails as a whole where the server of one of them does not answer.
func (s *Store) Read(ctx context.Context, keys ...string) ([]Lease, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	replies, err := redisdb.Each(ctx, s.redis, s.script, keys, "read", "", 0, 0, 0)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	leases := make([]Lease, len(keys))
	for i, reply := range replies {
		if leases[i], _, err = read(reply); err != nil {
			return nil, fmt.Errorf("read lease %s: %w", keys[i], err)
		}
	}
	return leases, nil
}

func (s *Store) write(ctx context.Context, key, operation string, c Claim, fence uint64) (Lease, error) {
	if fence > Limit {
		return Lease{}, fault.Invalid("fencing number", "at most 2^52")
	}
	args := []any{operation, c.Holder, fence, c.Hold.Milliseconds(), Remembered.Milliseconds()}
	for name, value := range c.Fields {
		args = append(args, "x:"+name, value)
	}
	for name, value := range c.Rising {
		if value > Limit {
			return Lease{}, fault.Invalid(name, "at most 2^52")
		}
		args = append(args, "r:"+name, value)
	}
	reply := s.script.Run(ctx, s.redis, []string{key}, args...)
	if err := reply.Err(); err != nil {
		return Lease{}, unreachable(ctx, err)
	}
	l, granted, err := read(reply)
	if err != nil {
		return Lease{}, fmt.Errorf("%s lease %s: %w", operation, key, err)
	}
	if !granted {
		return l, fault.New(fault.CodeConflict, "another appointment is in force")
	}
	return l, nil
}

var errReply = errors.New("the script's answer has another form")

func read(reply *redis.Cmd) (Lease, bool, error) {
	parts, err := reply.Slice()
	if err != nil {
		return Lease{}, false, err
	}
	if len(parts) != 3 {
		return Lease{}, false, errReply
	}
	granted, isInt := parts[0].(int64)
	left, isInt2 := parts[1].(int64)
	pairs, isList := parts[2].([]any)
	if !isInt || !isInt2 || !isList || len(pairs)%2 != 0 {
		return Lease{}, false, errReply
	}
	l := Lease{Left: time.Duration(left) * time.Millisecond, Fields: map[string]string{}, Rising: map[string]uint64{}}
	for i := 0; i < len(pairs); i += 2 {
		name, isText := pairs[i].(string)
		value, isText2 := pairs[i+1].(string)
		if !isText || !isText2 {
			return Lease{}, false, errReply
		}
		if err := l.set(name, value); err != nil {
			return Lease{}, false, err
		}
	}
	return l, granted == 1, nil
}

func (l *Lease) set(name, value string) (err error) {
	switch {
	case name == "holder":
		l.Holder = value
	case name == "fence":
		l.Fence, err = strconv.ParseUint(value, 10, 64)
	case len(name) > 2 && name[:2] == "x:":
		l.Fields[name[2:]] = value
	case len(name) > 2 && name[:2] == "r:":
		l.Rising[name[2:]], err = strconv.ParseUint(value, 10, 64)
	}
	return err
}

// unreachable keeps the end of the caller's own context apart from a store that does not answer.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("reach the lease store: %w", ctx.Err())
	}
	return fault.Unavailable(err, "the registry cannot be reached; try again")
}
