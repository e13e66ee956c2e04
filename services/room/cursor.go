package room

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	cursorSum   = 16 // bytes of HMAC-SHA-256
	roomIDBytes = 23
	cursorBytes = 8 + roomIDBytes + cursorSum
)

// Place is where a page of live rooms ends: start time and id of its last room. The zero Place is before all.
type Place struct {
	Started time.Time
	Room    id.Room
}

// cursors makes places opaque, and knows its own again.
type cursors struct{ key []byte }

// text is the cursor of a place in one app's list.
func (c cursors) text(app id.App, p Place) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(p.Started.UnixNano()))
	raw = append(raw, p.Room...)
	return base64.RawURLEncoding.EncodeToString(append(raw, c.sum(app, raw)...))
}

// read answers the place of a cursor; of "" the zero Place.
func (c cursors) read(app id.App, text string) (Place, error) {
	if text == "" {
		return Place{}, nil
	}
	bad := fault.Invalid("cursor", "a next_cursor of this list")
	if len(text) != base64.RawURLEncoding.EncodedLen(cursorBytes) {
		return Place{}, bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Place{}, bad
	}
	raw, sum := raw[:len(raw)-cursorSum], raw[len(raw)-cursorSum:]
	if !hmac.Equal(sum, c.sum(app, raw)) {
		return Place{}, bad
	}
	return Place{time.Unix(0, int64(binary.BigEndian.Uint64(raw))).UTC(), id.Room(raw[8:])}, nil
}

func (c cursors) sum(app id.App, raw []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(app))
	mac.Write([]byte{0})
	mac.Write(raw)
	return mac.Sum(nil)[:cursorSum]
}
