package cluster

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Islands are SFU nodes in network namespaces of their own, each on one cable to the rest of the system, which can be cut.
// The rest runs in the namespace of whoever makes them, at 10.97.0.1. Needs root.
type Islands struct{ names []string }

// NewIslands lays the cables.
func NewIslands(ctx context.Context, names ...string) (i *Islands, err error) {
	i = &Islands{names}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Close())
		}
	}()
	if err := ip(ctx, "link set lo up", "addr replace "+mainland+"/32 dev lo"); err != nil {
		return i, err
	}
	for n, name := range names {
		here, there := fmt.Sprintf("10.97.%d.1", n+1), address(n)
		err := ip(ctx, "netns add "+namespace(name), "link add "+cable(name)+" type veth peer name sea netns "+namespace(name),
			"addr add "+here+"/24 dev "+cable(name), "link set "+cable(name)+" up",
			"-n "+namespace(name)+" link set lo up", "-n "+namespace(name)+" addr add "+there+"/24 dev sea",
			"-n "+namespace(name)+" link set sea up", "-n "+namespace(name)+" route add default via "+here)
		if err != nil {
			return i, err
		}
	}
	return i, nil
}

const mainland = "10.97.0.1"

func namespace(name string) string { return "rostrum-" + name }
func cable(name string) string     { return "to-" + name }
func address(n int) string         { return fmt.Sprintf("10.97.%d.2", n+1) }

// Ports answers the addresses of Config.Ports.
func (i *Islands) Ports(name string) string {
	host, node := mainland, strings.Fields(name)[0]
	if n := slices.Index(i.names, node); n >= 0 {
		host = address(n)
	}
	return strings.Replace(documented(name), "127.0.0.1", host, 1)
}

// Inside answers the namespaces of Config.Inside.
func (i *Islands) Inside(name string) string {
	if slices.Contains(i.names, name) {
		return namespace(name)
	}
	return ""
}

// Cut cuts a node's cable, Mend lays it again.
func (i *Islands) Cut(ctx context.Context, name string) error {
	return ip(ctx, "link set "+cable(name)+" down")
}

// Mend lays a node's cable again.
func (i *Islands) Mend(ctx context.Context, name string) error {
	return ip(ctx, "link set "+cable(name)+" up")
}

// Close takes the namespaces away, and the cables with them.
func (i *Islands) Close() (err error) {
	for _, name := range i.names {
		err = errors.Join(err, ip(context.Background(), "netns del "+namespace(name)))
	}
	return err
}

func ip(ctx context.Context, commands ...string) error {
	for _, c := range commands {
		if said, err := exec.CommandContext(ctx, "ip", strings.Fields(c)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", c, err, said)
		}
	}
	return nil
}
