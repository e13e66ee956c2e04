package signaling

import (
	"cmp"
	"net/url"
	"slices"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	maxURL = 512
	// maxEdges bounds an answer: a listener that has tried so many asks again.
	maxEdges = 8
	// tierListeners and tierCPU are the steps in which edges count as equally busy. Within a step a room's listeners go
	// to the same edges, so that fewer edges pull it.
	tierListeners = 5000
	tierCPU       = 0.25
)

// Edge serves listeners.
type Edge struct {
	ID      id.Node
	Region  string
	URL     string // where listeners reach it; empty: through the same door as the API
	Address string // where other edges pull from it; "": they do not
	BootID  uint64
	Load    Load
}

func (e Edge) check() error {
	if err := checkRegion(e.Region); err != nil {
		return err
	}
	if e.Address != "" {
		if err := checkAddress(e.Address); err != nil {
			return err
		}
	}
	return checkURL(e.URL)
}

func checkURL(text string) error {
	if text == "" {
		return nil
	}
	parsed, err := url.Parse(text)
	if err != nil || len(text) > maxURL || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" ||
		parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil {
		return fault.Invalid("public_url", "empty, or an http or https address without query of at most 512 bytes")
	}
	return nil
}

func (e Edge) tier() int {
	return max(int(e.Load.CPU/tierCPU), int(min(e.Load.Listeners, 1<<30)/tierListeners))
}

// orderEdges sorts the edges for a listener of a room, best first: its own region, then the less busy, then by hash. It
// answers at most maxEdges and changes its argument.
func orderEdges(edges []Edge, key RoomKey, region string) []Edge {
	slices.SortFunc(edges, func(a, b Edge) int {
		return cmp.Or(
			cmp.Compare(away(a, region), away(b, region)),
			cmp.Compare(a.tier(), b.tier()),
			cmp.Compare(rendezvous(b.ID, key), rendezvous(a.ID, key)),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return edges[:min(len(edges), maxEdges)]
}

func away(e Edge, region string) int {
	if region != "" && e.Region != region {
		return 1
	}
	return 0
}
