package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/cmd/rostrum/config"
)

// docs/metrics.md has, under the module that registers it, a row for each metric of a process of all roles, and no other.
func TestEveryMetricIsDocumented(t *testing.T) {
	registered := map[string]string{} // row to module
	for _, store := range []string{config.StoreBolt, config.StoreDynamo} {
		cfg := testConfig(t, "127.0.0.1:0")
		cfg.Store, cfg.Traces.OTLP = store, "127.0.0.1:1"
		cfg.Dynamo = config.Dynamo{Endpoint: "http://127.0.0.1:1", Region: "local", AccessKey: "none", SecretKey: "none"}
		register(t, cfg, registered)
	}
	documented := documentedMetrics(t)
	for _, row := range slices.Sorted(maps.Keys(registered)) {
		if module, found := documented[row]; !found || module != registered[row] {
			t.Errorf("docs/metrics.md lacks under %q\n%s", registered[row], row)
		}
		delete(documented, row)
	}
	for row, module := range documented {
		t.Errorf("docs/metrics.md has under %q what is not registered\n%s", module, row)
	}
}

// register starts a process, and notes which module registers what, as rows of the page.
func register(t *testing.T, cfg Config, registered map[string]string) {
	t.Helper()
	a := newApp(cfg)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		defer cancel()
		if err := a.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	seen := map[string]bool{}
	note := func(module string) {
		for _, row := range describe(t, a.registry) {
			if !seen[row] {
				seen[row], registered[row] = true, module
			}
		}
	}
	note("process")
	for _, m := range modules {
		if err := a.begin(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		note(m.name)
	}
	checkTypes(t, a.registry)
}

var described = regexp.MustCompile(`fqName: "(rostrum_\w+)", help: "([^"]*)".* variableLabels: \{([^}]*)\}`)

// describe answers a row for each metric of ours.
func describe(t *testing.T, registry *prometheus.Registry) (rows []string) {
	t.Helper()
	all := make(chan *prometheus.Desc, 512)
	registry.Describe(all)
	close(all)
	for d := range all {
		if m := described.FindStringSubmatch(d.String()); m != nil {
			rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", m[1], kind(m[1]), cmp.Or(strings.ReplaceAll(m[3], ",", ", "), "none"), m[2]))
		}
	}
	return rows
}

// kind is the type that a metric's name says.
func kind(name string) string {
	switch unit := name[strings.LastIndex(name, "_")+1:]; {
	case unit == "total":
		return "counter"
	case strings.HasSuffix(name, "_age_seconds"):
		return "gauge"
	case slices.Contains([]string{"seconds", "ratio", "appends", "commands"}, unit):
		return "histogram"
	}
	return "gauge"
}

// checkTypes wants every metric that has a value to be of the type that its name says.
func checkTypes(t *testing.T, registry *prometheus.Registry) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		name, is := family.GetName(), strings.ToLower(family.GetType().String())
		if strings.HasPrefix(name, "rostrum_") && is != kind(name) {
			t.Errorf("%s is a %s, its name says %s", name, is, kind(name))
		}
	}
}

// documentedMetrics answers the rows of the page and the module under whose heading each stands.
func documentedMetrics(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, module := map[string]string{}, ""
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if heading, found := strings.CutPrefix(line, "## "); found {
			module = strings.Trim(heading, "`")
		}
		if strings.HasPrefix(line, "| `rostrum_") {
			if rows[line] != "" {
				t.Errorf("docs/metrics.md has twice\n%s", line)
			}
			rows[line] = module
		}
	}
	return rows
}
