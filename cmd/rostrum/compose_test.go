package main

import (
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rostrum/cmd/rostrum/config"
	"rostrum/cmd/rostrum/setup"
)

// composeRole is a service that runs a role, with the configuration that its process has.
type composeRole struct {
	name, role string
	service    composeService
	cfg        config.Config
}

// composeRoles are the services that run roles. Their files are those that the service setup makes.
func composeRoles(t *testing.T, file composeFile) (all []composeRole) {
	t.Helper()
	folder := t.TempDir()
	v, _ := parsed(t, file.Services["setup"].Command)
	nodes := v.Setup.Nodes
	nodes.Folder = folder
	if err := nodes.Run(&setup.Verbs{Out: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, name := range file.ours() {
		service := file.Services[name]
		t.Setenv("ROSTRUM_CONFIG", service.Environment["ROSTRUM_CONFIG"])
		v, verb := parsed(t, service.Command)
		if verb != "run" {
			continue
		}
		environ := service.environ()
		for i := range environ {
			environ[i] = strings.ReplaceAll(environ[i], "/etc/rostrum", filepath.Join(folder, name))
		}
		cfg, err := config.Load(config.Source{File: v.Run.Config, Environ: environ, Set: v.Run.Set}, v.Run.Roles)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(v.Run.Roles) != 1 || string(cfg.Node) != name || !slices.Contains(nodes.Nodes, name+"="+v.Run.Roles[0]) {
			t.Errorf("%s runs %q as node %s; setup makes %q", name, v.Run.Roles, cfg.Node, nodes.Nodes)
		}
		all = append(all, composeRole{name, v.Run.Roles[0], service, cfg})
	}
	return all
}

// doors are the ports that a role opens, by what they are.
func (r composeRole) doors() map[string]string {
	port := func(address string) string {
		_, port, _ := net.SplitHostPort(address)
		return port
	}
	l := r.cfg.Listen
	all := map[string]string{"operator": port(l.Operator)}
	switch r.role {
	case config.SFU:
		all["gRPC"], all["media"] = port(l.SFU), strconv.Itoa(l.Media)
	case config.Edge, config.MobileAPI:
		all["http"] = port(l.HTTP)
	default:
		all["gRPC"] = port(map[string]string{
			config.Room: l.Room, config.ListenerState: l.ListenerState, config.Signaling: l.Signaling, config.Account: l.Account,
		}[r.role])
	}
	return all
}

func TestComposeHasEveryRole(t *testing.T) {
	count := map[string]int{}
	for _, r := range composeRoles(t, readCompose(t, nil)) {
		count[r.role]++
	}
	for _, role := range config.Roles() {
		want := 1
		if role == config.SFU || role == config.Edge {
			want = 2
		}
		if count[role] != want {
			t.Errorf("%s runs %d times, not %d", role, count[role], want)
		}
	}
}

func TestComposeRolesFindEachOther(t *testing.T) {
	file := readCompose(t, nil)
	roles := composeRoles(t, file)
	leads := func(who, address, role string) {
		t.Helper()
		if !slices.ContainsFunc(roles, func(r composeRole) bool { return r.role == role && address == r.name+":"+r.doors()["gRPC"] }) {
			t.Errorf("%s looks for the role %s at %s, where it is not", who, role, address)
		}
	}
	for _, r := range roles {
		peers := r.cfg.Peers
		for role, addresses := range map[string][]string{
			config.Room: peers.Room, config.ListenerState: peers.ListenerState, config.Signaling: peers.Signaling, config.Account: peers.Account,
		} {
			for _, address := range addresses {
				leads(r.name, address, role)
			}
		}
		if r.role == config.SFU {
			leads("an edge", r.cfg.Advertise.SFU, r.role)
		}
		for _, store := range append(r.cfg.Redis.Addresses, strings.TrimPrefix(r.cfg.Dynamo.Endpoint, "http://")) {
			if host, _, err := net.SplitHostPort(store); err != nil || file.Services[host].Command == nil {
				t.Errorf("%s has a store at %s: %v", r.name, store, err)
			}
		}
	}
}

func TestComposePublishesWhatPeopleAreTold(t *testing.T) {
	taken := map[string]string{}
	for _, r := range composeRoles(t, readCompose(t, map[string]string{"ROSTRUM_ADDRESS": "192.0.2.7"})) {
		doors := r.doors()
		open := map[string]bool{}
		for _, p := range r.service.published(t) {
			if other, twice := taken[p.outside+p.protocol]; twice {
				t.Errorf("%s and %s publish port %s", r.name, other, p.outside)
			}
			taken[p.outside+p.protocol] = r.name
			if public := p.inside == doors["http"] || p.inside == doors["media"]; public != (p.host == "192.0.2.7") || !public && p.host != "127.0.0.1" {
				t.Errorf("%s publishes %v", r.name, p)
			}
			open[p.host+":"+p.outside+" "+p.inside+"/"+p.protocol] = true
			if !slices.Contains([]string{doors["http"], doors["media"], doors["operator"]}, p.inside) {
				t.Errorf("%s publishes %v, which leads to nothing", r.name, p)
			}
		}
		var told []string
		switch r.role {
		case config.SFU: // the port is said from inside
			told = []string{"192.0.2.7:" + doors["media"] + " " + doors["media"] + "/udp", "192.0.2.7:" + doors["media"] + " " + doors["media"] + "/tcp"}
			if len(r.cfg.Advertise.Media) != 1 || r.cfg.Advertise.Media[0].String() != "192.0.2.7" {
				t.Errorf("%s tells speakers %v", r.name, r.cfg.Advertise.Media)
			}
		case config.Edge:
			told = []string{strings.TrimPrefix(r.cfg.PublicURL, "http://") + " " + doors["http"] + "/tcp"}
		case config.MobileAPI:
			told = []string{"192.0.2.7:8080 " + doors["http"] + "/tcp"}
		}
		for _, door := range told {
			if !open[door] {
				t.Errorf("%s publishes %v, not %s", r.name, open, door)
			}
		}
	}
}

func TestComposeGivesEachRoleItsOwnFolderAlone(t *testing.T) {
	file := readCompose(t, nil)
	for _, r := range composeRoles(t, file) {
		if len(r.service.Volumes) != 1 {
			t.Fatalf("%s sees %+v", r.name, r.service.Volumes)
		}
		v := r.service.Volumes[0]
		if v.Type != "volume" || v.Source != "nodes" || v.Target != "/etc/rostrum" || v.Volume.Subpath != r.name || !v.ReadOnly || !v.Volume.NoCopy {
			t.Errorf("%s sees %+v", r.name, v)
		}
		if r.service.DependsOn["setup"].Condition != "service_completed_successfully" {
			t.Errorf("%s does not wait for setup", r.name)
		}
		if r.service.User != "" || !r.service.ReadOnly || !slices.Equal(r.service.CapDrop, []string{"ALL"}) {
			t.Errorf("%s may do more than it needs", r.name)
		}
	}
	for name, service := range file.Services {
		for _, v := range service.Volumes {
			if _, known := file.Volumes[v.Source]; !known {
				t.Errorf("%s uses the volume %s, which there is not", name, v.Source)
			}
		}
	}
}

func TestComposeAsksTheRightDoor(t *testing.T) {
	file := readCompose(t, nil)
	for _, r := range composeRoles(t, file) {
		test := r.service.Healthcheck.Test
		if len(test) < 2 || test[0] != "CMD" || test[1] != "/rostrum" {
			t.Fatalf("%s is checked with %q", r.name, test)
		}
		v, verb := parsed(t, test[2:])
		if want := net.JoinHostPort("127.0.0.1", r.doors()["operator"]); verb != "ready" || v.Ready.Operator != want {
			t.Errorf("%s is asked at %s, not at %s", r.name, v.Ready.Operator, want)
		}
	}
	if _, verb := parsed(t, file.Services["tables"].Command); verb != "setup tables" {
		t.Errorf("the tables are made by %q", verb)
	}
	if _, err := config.Load(config.Source{Environ: file.Services["tables"].environ()}, nil); err != nil {
		t.Errorf("tables: %v", err)
	}
}
