package shoot

import (
	"context"
	"errors"
	"os"
	"strings"

	"rostrum/test/cluster"
)

// Home makes a shot at the SFU that a room is at home on when it is fired: the one whose newest origin began last.
func Home(c *cluster.Cluster, make func(*cluster.Cluster, *cluster.Process) Shot) Shot {
	var aimed Shot
	return Shot{
		Name: make(c, &cluster.Process{Name: "the home SFU"}).Name,
		Do: func(ctx context.Context) error {
			p := home(c)
			if p == nil {
				return errors.New("no room is at home anywhere")
			}
			aimed = make(c, p)
			return aimed.Do(ctx)
		},
		Undo: func(ctx context.Context) error { return aimed.Undo(ctx) },
	}
}

func home(c *cluster.Cluster) (found *cluster.Process) {
	newest := ""
	for _, p := range nodes(c) {
		text, err := os.ReadFile(p.Log)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			at, rest, _ := strings.Cut(line, " ")
			if strings.Contains(rest, `msg="origin begins"`) && at > newest {
				newest, found = at, p
			}
		}
	}
	return found
}

// nodes are the SFU nodes.
func nodes(c *cluster.Cluster) (all []*cluster.Process) {
	for _, p := range c.Processes {
		if strings.HasPrefix(p.Name, "sfu-") {
			all = append(all, p)
		}
	}
	return all
}
