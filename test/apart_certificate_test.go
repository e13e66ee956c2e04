package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/authority"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	processes "rostrum/test/cluster"
)

// TestStrangersAreToldAndGoOn starts nodes whose certificate or token is not good beside a system. Each says why it is not
// let in, lives and tries on; the system goes on without them; those that can be put right are let in then.
func TestStrangersAreToldAndGoOn(t *testing.T) {
	t.Parallel()
	a := startApart(t)
	ours, err := authority.Load(filepath.Join(a.Folder, "authority/authority.pem"), filepath.Join(a.Folder, "authority/authority.key"))
	must(t, err)
	theirs, err := authority.New(time.Now())
	must(t, err)
	ports := portsOf(t)

	expired := a.node("sfu-3", "sfu", ports)
	a.certify(expired, ours, time.Hour, time.Now().Add(-2*time.Hour))
	other := a.node("sfu-4", "sfu", ports)
	a.certify(other, theirs, time.Hour, time.Now())
	token := a.node("edge-3", "edge", ports, "keys.enrolment="+authority.NewToken(theirs.Cluster()).Text())
	secret := a.node("edge-4", "edge", ports, "keys.enrolment="+authority.NewToken(ours.Cluster()).Text())
	strangers := []*processes.Process{expired, other, token, secret}
	for _, p := range strangers {
		startProcess(t, p)
	}
	for p, code := range map[*processes.Process]string{expired: "expired", other: "unauthenticated", token: "unauthenticated", secret: "unauthenticated"} {
		a.checkTold(p, code)
	}

	host := a.person(t, "Host")
	for range 4 {
		room := a.liveRoom(t, host, api.CreateRoom{Title: "Among strangers"})
		a.listen(t, host, room.ID, "voice-32", 200*time.Millisecond).more(t, 2)
		a.home(room.ID) // fails where it is at a stranger's
		joined, err := host.Join(bounded(t), room.ID, api.Join{Role: "listener"})
		must(t, err)
		if len(joined.Edges) != 2 {
			t.Errorf("listeners are sent to %+v", joined.Edges)
		}
	}
	for _, p := range strangers {
		if !p.Lives() {
			t.Errorf("%s has ended", p.Name)
		}
		if log := logOf(p); strings.Count(log, "\n") > 30 || strings.Contains(log, "\nready ") {
			t.Errorf("%s says too much, or that it is ready:\n%s", p.Name, log)
		}
	}

	a.certify(expired, ours, time.Hour, time.Now())
	replaced := time.Now()
	must(t, expired.Ready(bounded(t)))
	report(t, "a certificate that was replaced", map[string]any{"ready_after_s": seconds(time.Since(replaced))})
	a.checkNothingPanicked()
}

// node is a further process of a role.
func (a *apart) node(name, role string, ports func(string) string, set ...string) *processes.Process {
	a.t.Helper()
	p := &processes.Process{Name: name, Operator: ports(name + " operator"), Log: filepath.Join(a.Folder, name+".log")}
	_, media, _ := strings.Cut(ports(name+" media"), ":")
	http := ports(name + " http")
	p.Command = []string{rostrum(a.t), "run", role, "--config", filepath.Join(a.Folder, "rostrum.yaml")}
	for _, s := range append(set, "node="+name, "listen.operator="+p.Operator, "listen.sfu="+ports(name), "listen.media="+media,
		"listen.http="+http, "public_url=http://"+http) {
		p.Command = append(p.Command, "--set", s)
	}
	if role != "edge" {
		p.Command = append(p.Command, "--set", "keys.certificate="+a.file(name+".pem"), "--set", "keys.private_key="+a.file(name+".key"))
	}
	return p
}

func (a *apart) file(name string) string { return filepath.Join(a.Folder, name) }

// certify writes a node's certificate over the one that it has: the key first, since the other file says that there is a new one.
func (a *apart) certify(p *processes.Process, by *authority.Authority, lifetime time.Duration, from time.Time) {
	a.t.Helper()
	made, err := by.Make(authority.Node{Name: id.Node(p.Name), Roles: []authority.Role{authority.SFU}}, lifetime, from)
	must(a.t, err)
	folder := a.t.TempDir()
	must(a.t, authority.Write(made, filepath.Join(folder, "pem"), filepath.Join(folder, "key")))
	for _, kind := range []string{"key", "pem"} {
		must(a.t, os.Rename(filepath.Join(folder, kind), a.file(p.Name+"."+kind)))
	}
}

// checkTold wants a process to live, not to be ready, and to say why with a code.
func (a *apart) checkTold(p *processes.Process, code string) {
	a.t.Helper()
	testkit.Eventually(a.t, patience, func() error {
		if !p.Lives() {
			a.t.Fatalf("%s has ended:\n%s", p.Name, logOf(p))
		}
		waits, status, err := asked(p.Operator, "/readyz")
		if err != nil || status == 200 {
			return fmt.Errorf("%s answers %d, %v", p.Name, status, err)
		}
		if log := logOf(p); !strings.Contains(log, "code="+code) {
			return fmt.Errorf("%s does not say %q; it waits for\n%s\nand logged\n%s", p.Name, code, waits, log)
		}
		return nil
	})
}
