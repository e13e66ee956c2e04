package origin

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func TestAnOfferWaitsForItsSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w seatWaits
		ctx, cancel := context.WithTimeout(t.Context(), seatWait)
		defer cancel()
		got := make(chan error, 2)
		for _, user := range []string{"ann", "bob"} {
			go func() { got <- w.wait(ctx, id.User("us_"+user)) }()
		}
		synctest.Wait()
		w.tell(stage{seats: seatsOf(occupant(1, "us_eve", false))})
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("somebody else's seat was taken for one's own")
		}
		w.tell(stage{seats: seatsOf(occupant(1, "us_ann", false))})
		synctest.Wait()
		if err := <-got; err != nil {
			t.Errorf("who is seated: %v", err)
		}
		begun := time.Now()
		if err := <-got; !fault.Is(err, fault.CodeNotSeated) || time.Since(begun) != seatWait {
			t.Errorf("who never is: %v after %v", err, time.Since(begun))
		}
		if err := w.wait(ctx, "us_ann"); err != nil {
			t.Errorf("who was seated before: %v", err)
		}
	})
}
