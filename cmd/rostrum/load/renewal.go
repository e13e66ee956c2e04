package load

import (
	"context"
	"net/http"
	"sync"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
)

// freshFor is how long a renewed grant is good enough for the next listener that asks.
const freshFor = time.Minute

// renewal renews the grant that several listeners share: one call for all that ask at about the same time. Safe for
// concurrent use.
type renewal struct {
	first  right
	room   string
	client *api.Client

	mu    sync.Mutex
	taken time.Time
	grant listener.Grant
}

func newRenewal(url, room string, r right, calls *http.Client) *renewal {
	options := []api.Option{api.WithHTTPClient(calls)}
	if r.Access != "" {
		options = append(options, api.WithToken(r.Access))
	}
	return &renewal{first: r, room: room, client: api.New(url, options...)}
}

// renew answers a grant that is new.
func (r *renewal) renew(ctx context.Context) (listener.Grant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.taken.IsZero() && time.Since(r.taken) < freshFor {
		return r.grant, nil
	}
	joined, err := r.client.Join(ctx, r.room, api.Join{Role: "listener"})
	if err != nil {
		return listener.Grant{}, err
	}
	given := rightOf(joined, "")
	r.grant, r.taken = listener.Grant{Token: given.Grant, URLs: given.URLs, ExpiresAt: given.ExpiresAt}, time.Now()
	return r.grant, nil
}

// rightOf is what joining a room as a listener gives.
func rightOf(joined api.Joined, access string) right {
	r := right{Grant: joined.Grant, ExpiresAt: joined.GrantExpiresAt, Access: access}
	for _, edge := range joined.Edges {
		r.URLs = append(r.URLs, edge.URL)
	}
	return r
}

// turned is a list that begins elsewhere.
func turned(list []string, by int) []string {
	if len(list) == 0 {
		return nil
	}
	by %= len(list)
	return append(append(make([]string, 0, len(list)), list[by:]...), list[:by]...)
}
