package keybox

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"rostrum/internal/id"
)

// shop has keys until it is closed.
type shop struct {
	keys   map[id.User][32]byte
	closed bool
	asked  int
}

var errClosed = errors.New("closed")

func (s *shop) Key(_ context.Context, _ id.App, user id.User) ([32]byte, bool, error) {
	s.asked++
	if s.closed {
		return [32]byte{}, false, errClosed
	}
	key, there := s.keys[user]
	return key, there, nil
}

func (s *shop) MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error) {
	key, there, err := s.Key(ctx, app, user)
	if err == nil && !there {
		key = [32]byte{byte(len(s.keys) + 1)}
		s.keys[user] = key
	}
	return key, err
}

func TestKeysOutliveTheirStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := &shop{keys: map[id.User][32]byte{}}, context.Background()
		b := New(s, time.Minute)
		ada, err := b.MakeKey(ctx, id.Main, "ada")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if key, there, err := b.Key(ctx, id.Main, "ada"); key != ada || !there || err != nil {
				t.Errorf("%v, %v", there, err)
			}
		}
		if s.asked != 1 {
			t.Errorf("the store was asked %d times", s.asked)
		}
		s.closed = true
		time.Sleep(2 * time.Minute)
		if key, there, err := b.Key(ctx, id.Main, "ada"); key != ada || !there || err != nil {
			t.Errorf("while the store is away: %v, %v", there, err)
		}
		if _, err := b.MakeKey(ctx, id.Main, "new"); !errors.Is(err, errClosed) || errors.Is(err, ErrAway) {
			t.Errorf("a new key at first: %v", err)
		}
		time.Sleep(patience)
		if _, err := b.MakeKey(ctx, id.Main, "new"); !errors.Is(err, ErrAway) {
			t.Errorf("a new key after a while: %v", err)
		}
		asked := s.asked
		for range 10 {
			if _, err := b.MakeKey(ctx, id.Main, "new"); !errors.Is(err, ErrAway) {
				t.Error(err)
			}
		}
		if s.asked != asked {
			t.Errorf("a store that is away was asked %d times", s.asked-asked)
		}
		s.closed = false
		time.Sleep(probeEvery)
		if _, err := b.MakeKey(ctx, id.Main, "new"); err != nil {
			t.Errorf("when it is back: %v", err)
		}
	})
}

func TestADestroyedKeyIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := &shop{keys: map[id.User][32]byte{"ada": {7}}}, context.Background()
		b := New(s, time.Minute)
		if _, there, err := b.Key(ctx, id.Main, "ada"); !there || err != nil {
			t.Fatal(there, err)
		}
		delete(s.keys, "ada")
		time.Sleep(time.Minute)
		if _, there, err := b.Key(ctx, id.Main, "ada"); there || err != nil {
			t.Errorf("after a minute it is %v, %v", there, err)
		}
		s.closed = true
		time.Sleep(time.Minute)
		if _, there, err := b.Key(ctx, id.Main, "ada"); there || err == nil {
			t.Errorf("it came back: %v, %v", there, err)
		}
	})
}

func TestACallerWhoLeavesSaysNothingOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{keys: map[id.User][32]byte{}, closed: true}
		b := New(s, time.Minute)
		gone, leave := context.WithCancel(context.Background())
		leave()
		if _, err := b.MakeKey(gone, id.Main, "ada"); err == nil {
			t.Error("a closed store made a key")
		}
		time.Sleep(patience)
		if _, err := b.MakeKey(context.Background(), id.Main, "ada"); errors.Is(err, ErrAway) {
			t.Error(err)
		}
	})
}

func TestKeysAreBounded(t *testing.T) {
	s := &shop{keys: map[id.User][32]byte{}}
	b := New(s, time.Minute)
	for n := range most + 10 {
		user := id.User(fmt.Sprint("us_", n))
		s.keys[user] = [32]byte{1}
		if _, err := b.MakeKey(context.Background(), id.Main, user); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.keys); n != most || b.used.Len() != most {
		t.Errorf("%d keys are remembered", n)
	}
}
