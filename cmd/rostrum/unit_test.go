package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/cmd/rostrum/config"
)

const unitFile = "../../scripts/systemd/rostrum@.service"

// unit are the settings of a unit file, "Section.Key", in the order in which they stand there.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	all, section := map[string][]string{}, ""
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section == "" || strings.TrimSpace(key) != key || strings.HasSuffix(value, `\`) {
			t.Errorf("%s:%d: %q is no setting", unitFile, n+1, line)
		}
		all[section+"."+key] = append(all[section+"."+key], value)
	}
	return all
}

func TestTheUnitRunsEveryRole(t *testing.T) {
	u := unit(t)
	for _, role := range config.Roles() {
		command := strings.Fields(strings.ReplaceAll(u["Service.ExecStart"][0], "%i", role))
		if v, verb := parsed(t, command[1:]); command[0] != "/usr/bin/rostrum" || verb != "run" || !slices.Equal(v.Run.Roles, []string{role}) {
			t.Errorf("%s: %q", role, command)
		}
	}
	t.Setenv("ROSTRUM_CONFIG", strings.TrimPrefix(u["Service.Environment"][0], "ROSTRUM_CONFIG="))
	if v, _ := parsed(t, []string{"run", "sfu"}); v.Run.Config != "/etc/rostrum/rostrum.yaml" {
		t.Errorf("the configuration is %q", v.Run.Config)
	}
}

func TestTheUnitLeavesTimeToLeave(t *testing.T) {
	u := unit(t)
	if _, err := time.ParseDuration(u["Service.TimeoutStopSec"][0] + "s"); err != nil || u["Service.KillSignal"][0] != "SIGTERM" {
		t.Error(err, u["Service.KillSignal"])
	}
	for key, want := range map[string]string{
		"Service.Restart": "always", "Unit.StartLimitIntervalSec": "0", "Service.User": "rostrum", "Service.NoNewPrivileges": "yes",
		"Service.ProtectSystem": "strict", "Service.LimitNOFILE": "1048576", "Service.CapabilityBoundingSet": "", "Install.WantedBy": "multi-user.target",
	} {
		if !slices.Equal(u[key], []string{want}) {
			t.Errorf("%s is %q, not %q", key, u[key], want)
		}
	}
}

// TestSystemdTakesTheUnit asks systemd itself, where it is.
func TestSystemdTakesTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	binary, err := os.Executable() // verify wants that there is one
	if err != nil {
		t.Fatal(err)
	}
	installed := regexp.MustCompile(`/usr/bin/rostrum`).ReplaceAllLiteral(text, []byte(binary))
	path := filepath.Join(folder, "rostrum@sfu.service")
	if err := os.WriteFile(path, installed, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(analyze, "verify", "--man=no", "--recursive-errors=no", path).CombinedOutput(); err != nil || bytes.Contains(said, []byte(path)) {
		t.Errorf("systemd-analyze verify: %v: %s", err, said)
	}
}
