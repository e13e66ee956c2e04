package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// documented are the addresses of `make cluster`.
func documented(name string) string {
	return "127.0.0.1:" + map[string]string{
		"redis": "17379", "dynalite": "17800", "mobile-api http": "8080", "edge-1 http": "8081", "edge-2 http": "8082",
		"sfu-1 media": "7881", "sfu-2 media": "7882", "room": "7001", "listenerstate": "7002", "signaling": "7003", "account": "7004",
		"sfu-1": "7010", "sfu-2": "7012",
		"room operator": "7091", "listenerstate operator": "7092", "signaling operator": "7093", "account operator": "7094",
		"sfu-1 operator": "7095", "sfu-2 operator": "7096", "edge-1 operator": "7097", "edge-2 operator": "7098", "mobile-api operator": "7090",
	}[name]
}

// plan is what a system is made of.
type plan struct {
	cfg             Config
	redis, dynalite string
	gateway         string
	services        map[string]string // a control role's address
}

func newPlan(cfg Config) plan {
	p := plan{cfg: cfg, redis: cfg.Ports("redis"), dynalite: cfg.Ports("dynalite"), gateway: cfg.Ports("mobile-api http"), services: map[string]string{}}
	for _, role := range control {
		p.services[role] = cfg.Ports(role)
	}
	return p
}

var control = []string{"listenerstate", "account", "signaling", "room"}

func (p plan) path(name string) string { return filepath.Join(p.cfg.Folder, name) }

// stores are the two that everything stands on.
func (p plan) stores() []*Process {
	redisHost, redisPort, _ := net.SplitHostPort(p.redis)
	dynaliteHost, dynalitePort, _ := net.SplitHostPort(p.dynalite)
	all := []*Process{
		{Name: "redis", Probe: p.redis, Log: p.path("redis.log"), Command: []string{
			"redis-server", "--port", redisPort, "--bind", redisHost, "--protected-mode", "no", "--dir", p.cfg.Folder, "--save", "", "--appendonly", "yes",
			"--appendfsync", "always", "--set-proc-title", "no",
		}},
		{Name: "dynalite", Probe: p.dynalite, Log: p.path("dynalite.log"), Command: []string{
			"node", filepath.Join(p.cfg.Root, "test/node_modules/dynalite/cli.js"), "--host", dynaliteHost, "--port", dynalitePort,
			"--path", p.path("dynamo"), "--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0",
		}},
	}
	if len(p.cfg.Redis) > 0 {
		all = all[1:]
	}
	return all
}

// prepare makes secrets, certificates, the configuration and the tables.
func (p plan) prepare(ctx context.Context) error {
	keys, authority := p.path("keys.json"), p.path("authority")
	var steps [][]string
	if !p.cfg.Plain && !there(authority) {
		steps = append(steps, []string{"setup", "authority", authority})
	}
	if !there(keys) {
		step := []string{"setup", "keys", keys}
		if !p.cfg.Plain {
			step = append(step, "--authority", authority)
		}
		steps = append(steps, step)
	}
	for _, node := range p.certified() {
		if !there(p.path(node.name + ".pem")) {
			steps = append(steps, []string{"setup", "certificate", node.role, "--node", node.name, "--authority", authority, "--to", p.cfg.Folder})
		}
	}
	steps = append(steps, []string{"setup", "tables", "--config", p.path("rostrum.yaml")})
	if err := os.WriteFile(p.path("rostrum.yaml"), []byte(p.yaml()), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	for _, step := range steps {
		command := exec.CommandContext(ctx, p.cfg.Binary, step...)
		command.Env = environment()
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("rostrum %s: %w: %s", strings.Join(step, " "), err, said)
		}
	}
	return nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// yaml is what all roles are told.
func (p plan) yaml() string {
	var out strings.Builder
	redis := p.cfg.Redis
	if len(redis) == 0 {
		redis = []string{p.redis}
	}
	fmt.Fprintf(&out, "region: local\nstore: dynamo\nredis: {addresses: [%s], cluster: %v}\n", strings.Join(redis, ", "), len(p.cfg.Redis) > 0)
	fmt.Fprintf(&out, "dynamo: {endpoint: \"http://%s\", region: local, access_key: local, secret_key: local}\n", p.dynalite)
	fmt.Fprintf(&out, "keys: {file: %q}\npeers:\n", p.path("keys.json"))
	for _, role := range control {
		fmt.Fprintf(&out, "  %s: [%q]\n", role, p.services[role])
	}
	return out.String()
}

type member struct{ name, role string }

// certified are the nodes that are given a certificate; edges enrol.
func (p plan) certified() []member {
	if p.cfg.Plain {
		return nil
	}
	all := []member{{"sfu-1", "sfu"}, {"sfu-2", "sfu"}, {"mobile-api", "mobile-api"}}
	for _, role := range control {
		all = append(all, member{role, role})
	}
	return all
}

// roles are the processes of the roles.
func (p plan) roles() (all []*Process) {
	for _, role := range control {
		set := []string{"listen." + role + "=" + p.services[role]}
		if role == "signaling" && !p.cfg.Plain {
			set = append(set, "keys.authority="+p.path("authority/authority.pem"), "keys.authority_key="+p.path("authority/authority.key"))
		}
		all = append(all, p.role(member{role, role}, set...))
	}
	for _, name := range []string{"sfu-1", "sfu-2"} {
		_, media, _ := net.SplitHostPort(p.cfg.Ports(name + " media"))
		all = append(all, p.role(member{name, "sfu"}, "listen.sfu="+p.cfg.Ports(name), "listen.media="+media))
	}
	for _, name := range []string{"edge-1", "edge-2"} {
		http := p.cfg.Ports(name + " http")
		all = append(all, p.role(member{name, "edge"}, "listen.http="+http, "public_url=http://"+http,
			"keys.enrolment="+p.enrolment()))
	}
	return append(all, p.role(member{"mobile-api", "mobile-api"}, "listen.http="+p.gateway))
}

func (p plan) role(m member, set ...string) *Process {
	operator := p.cfg.Ports(m.name + " operator")
	command := []string{p.cfg.Binary, "run", m.role, "--config", p.path("rostrum.yaml"), "--set", "node=" + m.name, "--set", "listen.operator=" + operator}
	if m.role != "edge" && !p.cfg.Plain {
		set = append(set, "keys.certificate="+p.path(m.name+".pem"), "keys.private_key="+p.path(m.name+".key"))
	}
	for _, s := range append(set, p.cfg.Set...) {
		command = append(command, "--set", s)
	}
	return &Process{Name: m.name, Operator: operator, Log: p.path(m.name + ".log"), Command: command}
}
