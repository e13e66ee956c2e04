package relay

import (
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

func TestWhatIsHeardIsBounded(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	day := audio.Number(24 * 60 * 60 * 5)
	room := NewRoom(id.Main, testRoom)
	mustAppend(t, room.Ring(audio.Voice16), 1000, 1004, 7)
	for _, c := range []struct {
		name        string
		epoch       audio.Epoch
		number      audio.Number
		mostEpoch   audio.Epoch
		mostNumbers audio.Number
	}{
		{"what is held here", 7, 1004, 7, 1004},
		{"a little ahead", 8, 1020, 8, 1020},
		{"behind", 2, 3, 8, 1020},
		{"a number beyond a day", 9, 1004 + day + 1, 9, 1020},
		{"an epoch beyond a day", audio.Epoch(now.Add(24*time.Hour).UnixMilli()) + 1, 1021, 9, 1021},
		{"the largest", 1<<64 - 1, 1<<64 - 1, 9, 1021},
		{"a day ahead", audio.Epoch(now.Add(24 * time.Hour).UnixMilli()), 1004 + day, audio.Epoch(now.Add(24 * time.Hour).UnixMilli()), 1004 + day},
	} {
		room.Heard(c.epoch, c.number, now)
		if epoch, number := room.HeardMost(); epoch != c.mostEpoch || number != c.mostNumbers {
			t.Errorf("%s: heard of %d, %d, want %d, %d", c.name, epoch, number, c.mostEpoch, c.mostNumbers)
		}
	}
}
