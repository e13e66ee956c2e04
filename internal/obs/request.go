package obs

import (
	"context"
	"crypto/rand"
	"strings"
)

// requestLetters is what a request id is made of: what fits a header, a log line and a URL as it is.
const requestLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

type requestKey struct{}

// WithRequestID answers a context whose calls and log lines belong to the request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID is the request that ctx belongs to; empty: none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// NewRequestID makes an id of 26 letters and digits.
func NewRequestID() string { return rand.Text() }

// IsRequestID answers whether an id that somebody else made may be taken on: 8 to 64 of letters, digits and "._-".
func IsRequestID(id string) bool {
	return len(id) >= 8 && len(id) <= 64 && strings.Trim(id, requestLetters) == ""
}
