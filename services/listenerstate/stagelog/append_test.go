package stagelog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

func knowsCommandsAgain(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	first := grow(t, l, key, chain.Head{}, "us_1 a", 2)
	head := grow(t, l, key, first, "us_1 b", 1)
	for _, expect := range []chain.Head{head, first, {}} {
		done, err := l.Append(context.Background(), key, Append{
			Expect: expect, Commands: []Command{{"us_1 a", true, earlier(expect.Position, 1)}}, Now: time.Now(), Records: records(expect, 1),
		})
		if got, want := known(t, done, err), earlier(first.Position, 2); len(got) != 1 || got[0] != want {
			t.Errorf("decided on %s: %+v; want %+v", expect.Position, got, want)
		}
	}
}

func forgetsCommands(t *testing.T, l *Log, client redis.UniversalClient) {
	key, now := newKey(), time.Now()
	head := chain.Head{}
	for i := range 40 {
		added := records(head, 1)
		a := Append{Expect: head, Commands: []Command{{Name: fmt.Sprint("c", i), Remember: true}}, Now: now, Records: added}
		if _, err := l.Append(context.Background(), key, a); err != nil {
			t.Fatal(err)
		}
		head = added[0].Head()
	}
	later := now.Add(CommandLifetime + time.Second)
	for i := range 4 { // the last of them is a name that was used before
		added := records(head, 1)
		a := Append{Expect: head, Commands: []Command{{Name: fmt.Sprint("c", 42-i), Remember: true}}, Now: later, Records: added}
		if done, err := l.Append(context.Background(), key, a); err != nil || len(done.Known) > 0 {
			t.Fatalf("after its time: %+v, %v", done, err)
		}
		head = added[0].Head()
	}
	k := keysOf(key)
	names, due := client.HLen(context.Background(), k.commands).Val(), client.ZCard(context.Background(), k.due).Val()
	if names != 4 || due != 4 {
		t.Errorf("%d names and %d times are remembered, want 4", names, due)
	}
}

func asksWithoutAppending(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	ask := Append{Commands: []Command{{Name: "q"}}, Now: time.Now()}
	if done, err := l.Append(context.Background(), key, ask); err != nil || len(done.Known) > 0 {
		t.Fatalf("nothing on nothing: %+v, %v", done, err)
	}
	if _, err := l.Read(context.Background(), key, chain.Position{}, 1); !errors.Is(err, ErrLost) {
		t.Fatalf("asking made a log: %v", err)
	}
	ask.Expect = grow(t, l, key, chain.Head{}, "a", 1)
	for _, remember := range []bool{false, false, true} {
		ask.Commands[0] = Command{"q", remember, earlier(ask.Expect.Position, 0)}
		if done, err := l.Append(context.Background(), key, ask); err != nil || len(done.Known) > 0 {
			t.Fatalf("remember %v: %+v, %v", remember, done, err)
		}
	}
	done, err := l.Append(context.Background(), key, ask)
	if got := known(t, done, err); got[0] != earlier(ask.Expect.Position, 0) {
		t.Errorf("a command without events is known as %+v", got)
	}
}

// Three commands in one append: one that did two things, one that was refused, one that changed nothing.
func appendsManyCommands(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	head := grow(t, l, key, chain.Head{}, "first", 1)
	added := records(head, 2)
	last := added[1].Head()
	batch := Append{
		Expect: head, Now: time.Now(), Records: added,
		Commands: []Command{{"a", true, earlier(last.Position, 2)}, {Name: "refused"}, {"nothing", true, earlier(last.Position, 0)}},
	}
	if done, err := l.Append(ctx, key, batch); err != nil || len(done.Known) > 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if page := read(t, l, key, head.Position); page.Head != last || len(page.Records) != 2 {
		t.Fatalf("appended %+v", page)
	}
	next := records(last, 1)
	batch = Append{
		Expect: last, Now: time.Now(), Records: next,
		Commands: []Command{{Name: "new", Remember: true}, {Name: "nothing"}, {Name: "refused"}, {Name: "a"}},
	}
	done, err := l.Append(ctx, key, batch)
	got := known(t, done, err)
	if len(got) != 2 || got[1] != earlier(last.Position, 0) || got[3] != earlier(last.Position, 2) {
		t.Errorf("known are %+v", got)
	}
	if page := read(t, l, key, last.Position); page.Head != last || len(page.Records) != 0 {
		t.Errorf("beside known commands it appended %+v", page)
	}
	batch.Commands = batch.Commands[:1]
	if done, err := l.Append(ctx, key, batch); err != nil || len(done.Known) > 0 {
		t.Errorf("alone: %+v, %v", done, err)
	}
}

// known are the commands that an append found, by index.
func known(t *testing.T, done Appended, err error) map[int]Earlier {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]Earlier{}
	for _, k := range done.Known {
		found[k.Index] = k.Earlier
	}
	return found
}
