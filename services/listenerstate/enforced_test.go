package listenerstate

import (
	"context"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

func report(t *testing.T, s *Service, key chain.Key, epoch uint64, at chain.Position) {
	t.Helper()
	if err := s.ReportEnforced(context.Background(), key, epoch, at); err != nil {
		t.Fatalf("report %s in epoch %d: %v", at, epoch, err)
	}
}

func wantEnforced(t *testing.T, w *Watcher, want chain.Position) {
	t.Helper()
	if item := next(t, w); item.Enforced == nil || *item.Enforced != want {
		t.Fatalf("heard %+v, want %s enforced", item, want)
	}
}

func TestWatchersHearWhatIsEnforced(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		instances, ctx := []*Service{h.open(t), h.open(t)}, context.Background()
		key := openRoom(t, instances[0])
		seated := apply(t, instances[0], key, request(speaker, TakeSeat{}))
		if seated.Enforced != (chain.Position{}) {
			t.Errorf("before any report %s is enforced", seated.Enforced)
		}
		w := watch(t, instances[1], key, chain.Position{})
		if item := next(t, w); item.Snapshot == nil {
			t.Fatalf("first came %+v", item)
		}
		report(t, instances[0], key, 7, seated.Position)
		wantEnforced(t, w, seated.Position)

		muted := apply(t, instances[1], key, mute())
		if muted.Enforced != seated.Position {
			t.Errorf("the answer says %s is enforced", muted.Enforced)
		}
		if item := next(t, w); item.Entry == nil {
			t.Fatalf("then came %+v", item)
		}
		report(t, instances[0], key, 6, muted.Position)  // an origin that is over
		report(t, instances[0], key, 7, seated.Position) // known
		report(t, instances[0], key, 8, muted.Position)
		wantEnforced(t, w, muted.Position)

		view, err := instances[1].View(ctx, key, muted.Position)
		if err != nil || view.Enforced != muted.Position {
			t.Errorf("the view is %+v, %v", view, err)
		}
		late := watch(t, instances[0], key, chain.Position{})
		if item := next(t, late); item.Snapshot == nil {
			t.Fatalf("first came %+v", item)
		}
		wantEnforced(t, late, muted.Position)
		wantEnforced(t, watch(t, instances[0], key, muted.Position), muted.Position)
	})
}

func TestOnlyTheNewestEnforcedPositionIsTold(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		w := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		var last chain.Position
		for range 20 {
			last = apply(t, s, key, raise()).Position
			report(t, s, key, 7, last)
		}
		heard := 0
		for told := (chain.Position{}); told != last || heard < 20; {
			switch item := next(t, w); {
			case item.Entry != nil:
				heard++
			case item.Enforced == nil || !told.Before(*item.Enforced):
				t.Fatalf("after %s was told, came %+v", told, item)
			default:
				told = *item.Enforced
			}
		}
	})
}

func TestWhatWasEnforcedEndsWithItsTerm(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		first := apply(t, s, key, raise()).Position
		report(t, s, key, 7, first)
		w := watch(t, s, key, chain.Position{})
		next(t, w)
		wantEnforced(t, w, first)
		h.wipe(t)
		report(t, s, key, 7, first) // finds the log lost, and is of its old term
		item := next(t, w)
		if item.Snapshot == nil || item.Snapshot.Position.Term != 2 {
			t.Fatalf("after the wipe came %+v", item)
		}
		if view, err := s.View(ctx, key, chain.Position{}); err != nil || view.Enforced != (chain.Position{}) {
			t.Errorf("in the new term %s is enforced, %v", view.Enforced, err)
		}
		report(t, s, key, 7, item.Snapshot.Position)
		wantEnforced(t, w, item.Snapshot.Position)
	})
}

func TestWhatIsEnforcedIsToldAgainAfterASnapshot(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		first := apply(t, s, key, raise()).Position
		report(t, s, key, 7, first)
		w := watch(t, s, key, first)
		wantEnforced(t, w, first)
		for range 5 {
			apply(t, s, key, raise())
		}
		if err := h.client.XTrimMinID(context.Background(), "{"+key.String()+"}:log", "1-6").Err(); err != nil {
			t.Fatal(err)
		}
		if item := next(t, w); item.Snapshot == nil {
			t.Fatalf("whose successors are gone heard %+v", item)
		}
		wantEnforced(t, w, first)
	})
}

func TestReportsThatCannotBeMeant(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key, never := openRoom(t, s), chain.Key{App: id.Main, Room: id.NewRoom()}
		for name, c := range map[string]struct {
			key   chain.Key
			epoch uint64
			at    chain.Position
			want  fault.Code
		}{
			"no epoch":      {key, 0, chain.Position{Term: 1, Offset: 1}, fault.CodeInvalid},
			"no position":   {key, 1, chain.Position{}, fault.CodeInvalid},
			"ahead":         {key, 1, chain.Position{Term: 1, Offset: 2}, fault.CodeFromAhead},
			"a later term":  {key, 1, chain.Position{Term: 2, Offset: 1}, fault.CodeFromAhead},
			"no such room":  {never, 1, chain.Position{Term: 1, Offset: 1}, fault.CodeNotFound},
			"an older term": {key, 1, chain.Position{Offset: 1}, ""},
		} {
			if err := s.ReportEnforced(ctx, c.key, c.epoch, c.at); c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
	})
}
