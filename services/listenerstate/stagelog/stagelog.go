// Package stagelog owns the stage logs in Redis: compare-and-append, reading, acknowledging, and a new term for a log
// that was lost.
//
// All keys of a log share the hash tag {app:room}. The head key says that a log is there: where it is absent, the log
// is lost, unless the caller knows that there never was one.
package stagelog

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/redisdb"
	"rostrum/services/listenerstate/chain"
)

var (
	// ErrMoved says that the log went on, or is another one, since it was read.
	ErrMoved = errors.New("the stage log has moved on")
	// ErrLost says that Redis has no head of the log.
	ErrLost = errors.New("the stage log is not in Redis")
	// ErrFenced says that another repair came first.
	ErrFenced = errors.New("another repair came first")
	// ErrRepairing says that the log is being repaired: nothing is added to it.
	ErrRepairing = errors.New("the stage log is being repaired")
	// ErrRestarted says that the log has not been compared with what instances and the archive know since Redis began
	// another life. Only guarded logs have it.
	ErrRestarted = errors.New("redis was started again or replaced since the stage log was verified")
)

// Doorbell is the bell at which every acknowledgement and every new term is told.
const Doorbell = "rostrum:stage"

// Keep is how many acknowledged events stay in Redis for watchers that resume; the archive has them all.
const Keep = 4096

// CommandLifetime is how long a command id is remembered.
const CommandLifetime = 10 * time.Minute

//go:embed life.lua
var lifeSource string

//go:embed head.lua
var headSource string

//go:embed hold.lua
var holdSource string

//go:embed archived.lua
var archivedSource string

//go:embed trust.lua
var trustSource string

//go:embed condemn.lua
var condemnSource string

//go:embed append.lua
var appendSource string

//go:embed acknowledge.lua
var acknowledgeSource string

//go:embed seed.lua
var seedSource string

//go:embed unlock.lua
var unlockSource string

//go:embed enforce.lua
var enforceSource string

//go:embed claim.lua
var claimSource string

//go:embed release.lua
var releaseSource string

// Log is the stage logs of one Redis.
type Log struct {
	client      redis.UniversalClient
	bell        *redisdb.Bell
	guarded     bool
	append      *redis.Script
	acknowledge *redis.Script
	seed        *redis.Script
	unlock      *redis.Script
	enforce     *redis.Script
	claim       *redis.Script
	release     *redis.Script
	head        *redis.Script
	hold        *redis.Script
	archived    *redis.Script
	trust       *redis.Script
	condemn     *redis.Script
}

// New makes the logs; the client stays the caller's.
func New(client redis.UniversalClient) *Log {
	return &Log{
		client: client, bell: redisdb.NewBell(client, Doorbell),
		append: redis.NewScript(lifeSource + appendSource), acknowledge: redis.NewScript(lifeSource + acknowledgeSource),
		seed: redis.NewScript(lifeSource + seedSource), unlock: redis.NewScript(unlockSource), enforce: redis.NewScript(enforceSource),
		claim: redis.NewScript(claimSource), release: redis.NewScript(releaseSource), head: redis.NewScript(lifeSource + headSource),
		hold: redis.NewScript(lifeSource + holdSource), archived: redis.NewScript(archivedSource),
		trust: redis.NewScript(lifeSource + trustSource), condemn: redis.NewScript(condemnSource),
	}
}

// NewGuarded makes logs of which nothing is acknowledged by an archive. Redis alone cannot tell whether it is older than it
// was, so each log is good in one life of Redis only, the time between two starts of the process that has it: in another,
// what it is asked answers ErrRestarted until Seed or Trust. Nothing is added to a log that is being repaired.
func NewGuarded(client redis.UniversalClient) *Log {
	l := New(client)
	l.guarded = true
	return l
}

// Target is a structure beside the log that operations may change: the index of its key in the scripts.
type Target int

const (
	Seats Target = 5 // a hash: seat number to user
	Hands Target = 6 // a sorted set: users by the offset of their raised hand
)

// OpKind is what an operation does.
type OpKind string

const (
	OpSet    OpKind = "set"    // Field of a hash to Value
	OpRemove OpKind = "remove" // Field of a hash
	OpAdd    OpKind = "add"    // Field to a sorted set, with Value as its score
	OpDrop   OpKind = "drop"   // Field of a sorted set
	OpClear  OpKind = "clear"  // everything
)

// Op is one change of a structure beside the log.
type Op struct {
	Kind         OpKind
	Target       Target
	Field, Value string
}

func (o Op) appendTo(args []any) []any {
	return append(args, string(o.Kind), int(o.Target), o.Field, o.Value)
}

// Command is an intent that was decided, and what it does.
type Command struct {
	Name string // unique in its room
	// Remember keeps Earlier for CommandLifetime, also where it has no events.
	Remember bool
	Earlier  Earlier
}

// Earlier is what a command did when it came first.
type Earlier struct {
	Payload chain.Hash     // of what is meant
	Last    chain.Position // of its last event, or where it was decided
	Events  uint64
}

func (e Earlier) encode() string {
	return string(e.Payload[:]) + e.Last.String() + "+" + strconv.FormatUint(e.Events, 10)
}

func decodeEarlier(text string) (Earlier, error) {
	var e Earlier
	if len(text) < len(e.Payload) {
		return e, fmt.Errorf("decode remembered command: %d bytes", len(text))
	}
	copy(e.Payload[:], text)
	position, count, _ := strings.Cut(text[len(e.Payload):], "+")
	var err error
	if e.Last, err = chain.ParsePosition(position); err != nil {
		return e, fmt.Errorf("decode remembered command: %w", err)
	}
	if e.Events, err = strconv.ParseUint(count, 10, 64); err != nil {
		return e, fmt.Errorf("decode remembered command: %w", err)
	}
	return e, nil
}

type keys struct {
	head, log, commands, due, seats, hands, snapshot, repair, offers string
}

func keysOf(key chain.Key) keys {
	tag := "{" + key.String() + "}:"
	return keys{
		tag + "head", tag + "log", tag + "cmd", tag + "due", tag + "seats", tag + "hands", tag + "snapshot", tag + "repair", tag + "offers",
	}
}

// stored are the keys that live and end with the log, and the one that says that it is being repaired.
func (k keys) stored() []string {
	return []string{k.head, k.log, k.commands, k.due, k.seats, k.hands, k.snapshot, k.repair}
}
