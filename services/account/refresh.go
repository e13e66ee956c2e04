package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	secretBytes = 20
	deviceBytes = 10
	// userPrefix is left out of a refresh token, refreshPrefix stands there.
	userPrefix, refreshPrefix = "us_", "rt_"
)

// crockford is the alphabet of identifiers.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// refreshToken is what a device gets its next access token with: "rt_<user>.<device>.<secret>". It says where its hash is
// stored; people do not read it.
type refreshToken struct {
	user   id.User
	device DeviceID
	secret string // 160 random bits
}

func newDeviceID() DeviceID { return DeviceID(random(deviceBytes)) }

func newRefreshToken(user id.User, device DeviceID) refreshToken {
	return refreshToken{user, device, random(secretBytes)}
}

// parseRefreshToken accepts what text writes. Fault: unauthenticated.
func parseRefreshToken(text string) (refreshToken, error) {
	rest, found := strings.CutPrefix(text, refreshPrefix)
	parts := strings.Split(rest, ".")
	if !found || len(parts) != 3 || !isRandom(parts[1], deviceBytes) || !isRandom(parts[2], secretBytes) {
		return refreshToken{}, errNotOurs
	}
	user, err := id.ParseUser(userPrefix + parts[0])
	if err != nil {
		return refreshToken{}, errNotOurs
	}
	return refreshToken{user, DeviceID(parts[1]), parts[2]}, nil
}

var errNotOurs = fault.New(fault.CodeUnauthenticated, "this refresh token is none of ours, or its device has ended")

func (t refreshToken) text() string {
	return refreshPrefix + strings.TrimPrefix(string(t.user), userPrefix) + "." + string(t.device) + "." + t.secret
}

func (t refreshToken) hash() [32]byte { return sha256.Sum256([]byte(t.text())) }

func random(size int) string {
	raw := make([]byte, size)
	rand.Read(raw) // never fails (crypto/rand)
	return crockford.EncodeToString(raw)
}

func isRandom(text string, size int) bool {
	if len(text) != crockford.EncodedLen(size) {
		return false
	}
	raw, err := crockford.DecodeString(text)
	return err == nil && len(raw) == size
}
