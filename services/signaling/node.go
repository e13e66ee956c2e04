// Package signaling owns sessions and placement: which node is a room's home, which edges serve a listener, and the
// registry of nodes that both rest on.
package signaling

import (
	"math"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	maxAddress = 256
	maxRegion  = 32
)

// Load is how busy a node says it is.
type Load struct {
	Rooms     uint32
	Sessions  uint32
	Listeners uint64
	CPU       float64 // 0 to 1 of all cores
}

func (l Load) check() error {
	if math.IsNaN(l.CPU) || l.CPU < 0 || l.CPU > 1 {
		return fault.Invalid("load.cpu", "0 to 1")
	}
	return nil
}

// Node is an SFU node as it announced itself.
type Node struct {
	ID      id.Node
	Address string // of its gRPC server; "" where the registry has forgotten it
	Region  string
	BootID  uint64
	Load    Load
	Alive   bool // its lease has not run out
}

func (n Node) check() error {
	if err := checkAddress(n.Address); err != nil {
		return err
	}
	if err := checkRegion(n.Region); err != nil {
		return err
	}
	return n.Load.check()
}

func checkAddress(address string) error {
	if len(address) == 0 || len(address) > maxAddress || !isPrintable(address) {
		return fault.Invalid("address", "1 to 256 printable ASCII characters")
	}
	return nil
}

// checkRegion accepts what a grant can name; no region is a region too.
func checkRegion(region string) error {
	if region == "" {
		return nil
	}
	if _, err := id.ParseNode(region); err != nil || len(region) > maxRegion {
		return fault.Invalid("region", "at most 32 of a-z, 0-9 and -")
	}
	return nil
}

func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
