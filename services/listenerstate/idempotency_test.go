package listenerstate

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// reply is what a request was answered once.
type reply struct {
	payload  chain.Hash
	code     fault.Code
	position chain.Position
	events   []byte // of all entries
}

func replyTo(r Request, answer Answer, err error) reply {
	got := reply{payload: r.Payload, code: codeOf(err), position: answer.Position}
	for _, entry := range answer.Entries {
		got.events = append(got.events, entry.Bytes...)
	}
	return got
}

// TestNeverTwoAnswersToOneKey sends commands in random order, several times each, from many callers to two instances; some
// ids are used for two commands. A command that was accepted has one answer, and its events are in the log once.
func TestNeverTwoAnswersToOneKey(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		instances := []*Service{h.open(t), h.open(t)}
		key := openRoom(t, instances[0])
		sends := manyTimes(rand.New(rand.NewPCG(1, 3)), 200)
		var mu sync.Mutex
		replies := map[string][]reply{}
		var callers sync.WaitGroup
		for caller := range 16 {
			callers.Go(func() {
				for n := caller; n < len(sends); n += 16 {
					answer, err := instances[n%2].Apply(context.Background(), key, sends[n])
					mu.Lock()
					replies[sends[n].name()] = append(replies[sends[n].name()], replyTo(sends[n], answer, err))
					mu.Unlock()
				}
			})
		}
		callers.Wait()
		for i, r := range sends { // once more, by an instance that may have seen nothing of it
			answer, err := instances[i%2].Apply(context.Background(), key, r)
			replies[r.name()] = append(replies[r.name()], replyTo(r, answer, err))
		}
		accepted, mismatched := oneAnswerEach(t, replies)
		oncePerCommand(t, h.verify(t, key), replies)
		t.Logf("%d requests under %d ids: %d ids were accepted, %d requests were told of a mismatch", 2*len(sends), len(replies), accepted, mismatched)
		if accepted < len(replies)/2 || mismatched < 10 {
			t.Errorf("of %d ids %d were accepted, %d requests did not match", len(replies), accepted, mismatched)
		}
	})
}

// manyTimes answers commands under so many ids, each one to five times, in random order.
func manyTimes(random *rand.Rand, ids int) []Request {
	var sends []Request
	for n := range ids {
		by := nth(random.IntN(5))
		meant := []Request{request(by, someCommand(random, by))}
		if n%4 == 0 {
			meant = append(meant, request(by, someCommand(random, by)))
		}
		for _, r := range meant {
			r.ID = id.Command(fmt.Sprintf("k%d", n))
			sends = append(sends, slices.Repeat([]Request{r}, 1+random.IntN(5))...)
		}
	}
	random.Shuffle(len(sends), func(i, j int) { sends[i], sends[j] = sends[j], sends[i] })
	return sends
}

func someCommand(random *rand.Rand, by id.User) Command {
	text := fmt.Sprintf("Ada %d", random.IntN(1000))
	return []Command{
		TakeSeat{Name: text}, LeaveSeat{by}, Mute{by}, Unmute{by}, RaiseHand{Name: text, Note: text}, LowerHand{by}, Leave{},
	}[random.IntN(7)]
}

// oneAnswerEach answers how many ids were accepted, and how many requests did not match.
func oneAnswerEach(t *testing.T, replies map[string][]reply) (accepted, mismatched int) {
	t.Helper()
	for name, all := range replies {
		first := slices.IndexFunc(all, func(r reply) bool { return r.code == "" })
		if first >= 0 {
			accepted++
		}
		for n, r := range all {
			switch {
			case r.code == fault.CodeIdempotencyMismatch:
				mismatched++
				if first < 0 || r.payload == all[first].payload {
					t.Errorf("%s: a mismatch with what was meant all the time: %+v", name, all)
				}
			case r.code == "" && (r.payload != all[first].payload || r.position != all[first].position || !bytes.Equal(r.events, all[first].events)):
				t.Errorf("%s: answer %d is %+v, first was %+v", name, n, r, all[first])
			case r.code != "" && n == len(all)-1 && first >= 0:
				t.Errorf("%s: the last of %d requests is refused with %s, though one was accepted", name, len(all), r.code)
			}
		}
	}
	return accepted, mismatched
}

// oncePerCommand checks that what is in the log is what was answered.
func oncePerCommand(t *testing.T, events []Event, replies map[string][]reply) {
	t.Helper()
	last := map[string]chain.Position{}
	for _, e := range events {
		last[commandName(e.Actor, e.Command)] = e.Position
	}
	for name, all := range replies {
		first := slices.IndexFunc(all, func(r reply) bool { return r.code == "" })
		switch at, there := last[name]; {
		case there && (first < 0 || all[first].position != at):
			t.Errorf("%s is in the log at %s and was answered %+v", name, at, all)
		case !there && first >= 0 && len(all[first].events) > 0:
			t.Errorf("%s was answered with events that are not in the log", name)
		}
	}
}
