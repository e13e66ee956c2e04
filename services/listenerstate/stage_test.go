package listenerstate

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"rostrum/internal/id"
)

// TestStagesAreValues lets two futures grow out of one stage, for every two events, and finds that neither wrote to the
// other or to the stage before.
func TestStagesAreValues(t *testing.T) {
	before := roomy(everything())
	want := mustEncode(t, before)
	var changes []Change
	for _, e := range everyEvent() {
		changes = append(changes, e.Change)
	}
	for _, user := range []id.User{nth(0), nth(1), nth(2), mod, speaker, stranger} {
		changes = append(changes, Appointed{user}, Dismissed{user}, Removed{user}, Readmitted{user}, Invited{User: user, ExpiresAt: noon},
			InviteClosed{user, InviteDeclined}, HandRaised{User: user}, HandLowered{user, LoweredBySelf}, HandAbsent{user}, HandPresent{user})
	}
	for seat := range uint32(6) {
		changes = append(changes, Seated{User: stranger, Seat: seat + 1}, Unseated{speaker, seat + 1, UnseatLeft}, Muted{speaker, seat + 1},
			Unmuted{speaker, seat + 1}, Held{speaker, seat + 1}, Released{speaker, seat + 1}, MediaFound{speaker, seat + 1, "s"}, MediaLost{speaker, seat + 1, "s"})
	}
	for _, one := range changes {
		future := toldAt(before, noon.Add(time.Hour), one)
		seen := mustEncode(t, future)
		for _, other := range changes {
			toldAt(before, noon.Add(2*time.Hour), other)
			if !bytes.Equal(mustEncode(t, future), seen) {
				t.Fatalf("%+v wrote to the stage after %+v", other, one)
			}
		}
		if !bytes.Equal(mustEncode(t, before), want) {
			t.Fatalf("%+v wrote to the stage before it", one)
		}
	}
}

// roomy gives every list of a stage room to grow in place, as lists have after many changes.
func roomy(stage Stage) Stage {
	value := reflect.ValueOf(&stage).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); field.Kind() == reflect.Slice {
			grown := reflect.MakeSlice(field.Type(), field.Len(), field.Len()+8)
			reflect.Copy(grown, field)
			field.Set(grown)
		}
	}
	return stage
}
