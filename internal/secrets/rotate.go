package secrets

import (
	"fmt"
	"time"

	"rostrum/internal/token"
)

// keptFor is how long what a key has made is good, and so how long keys stand between two rotations.
const keptFor = token.GuestLifetime + 2*token.Skew

// Rotation is what a rotation did.
type Rotation struct {
	// Used is the id of the key that grants are signed with from now on; Announced that of the next.
	Used, Announced string
	// Begun says that the file had no next keys: it has some now, and those in use stay.
	Begun bool
	// Again is when keys can be rotated again.
	Again time.Time
}

// Rotate has a file's next keys used, keeps those that were for what they made, and makes others next. Nothing becomes invalid:
// the keys before are good for a day, and the error says so where that is not over.
func Rotate(path string, now time.Time) (Rotation, error) {
	d, _, err := read(path)
	if err != nil {
		return Rotation{}, err
	}
	if again := d.Rotated.Add(keptFor); !d.Rotated.IsZero() && now.Before(again) {
		return Rotation{}, fmt.Errorf("keys in %s were rotated at %s, and what those before them made is good until %s: rotate after that",
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
	if err := d.replace(path); err != nil {
		return Rotation{}, err
	}
	return Rotation{Used: s.signer.String(), Announced: s.public[1].ID, Begun: begun, Again: d.Rotated.Add(keptFor)}, nil
}
