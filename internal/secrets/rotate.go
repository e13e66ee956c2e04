package secrets

import (
	"fmt"
	"time"

	"rostrum/internal/token"
)

// apart is how long keys stand between two rotations: a day in which the file comes to every process, and after it as long as
// what the last of them made with the keys before is good.
const apart = 24*time.Hour + token.GuestLifetime + 2*token.Skew

// Rotation is what a rotation did.
type Rotation struct {
	// Used is the id of the key that grants are signed with from now on; Announced that of the next.
	Used, Announced string
	// Begun says that the file had no next keys: it has some now, and those in use stay.
	Begun bool
	// Again is when keys can be rotated again.
	Again time.Time
}

// Rotate has a file's next keys used, keeps those that were for what they made, and makes others next. Nothing becomes invalid
// where every process has the file within a day: the error says so where the rotation before is not two days old.
func Rotate(path string, now time.Time) (Rotation, error) {
	d, _, err := read(path)
	if err != nil {
		return Rotation{}, err
	}
	if again := d.Rotated.Add(apart); !d.Rotated.IsZero() && now.Before(again) {
		return Rotation{}, fmt.Errorf("keys in %s were rotated at %s, and what those before them made may be good until %s: rotate after that",
			path, d.Rotated.Format(time.RFC3339), again.Format(time.RFC3339))
	}
	begun := d.Next == nil
	if !begun {
		was := d.pair
		d.pair, d.Previous = *d.Next, &was
	}
	next := newPair()
	d.Next, d.Rotated = &next, now.UTC().Truncate(time.Second)
	s, err := d.set()
	if err != nil {
		return Rotation{}, err
	}
	text, err := d.text()
	if err != nil {
		return Rotation{}, err
	}
	if err := Replace(path, text); err != nil {
		return Rotation{}, err
	}
	return Rotation{Used: s.signer.String(), Announced: s.public[1].ID, Begun: begun, Again: d.Rotated.Add(apart)}, nil
}
