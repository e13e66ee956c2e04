package mobileapi

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func TestRoutesAndContractAreTheSame(t *testing.T) {
	served := map[string]bool{}
	for _, r := range (&Gateway{}).routes() {
		served[r.method+" "+r.path] = true
	}
	for path, item := range readContract(t).Paths.Map() {
		for method := range item.Operations() {
			if operation := method + " " + path; !served[operation] {
				t.Errorf("the contract has %s, routes.go has not", operation)
			} else {
				delete(served, operation)
			}
		}
	}
	for operation := range served {
		t.Errorf("routes.go has %s, the contract has not", operation)
	}
}

// documented are the codes that the contract's Error may have.
func documented(doc *openapi3.T) map[fault.Code]bool {
	code := doc.Components.Schemas["Error"].Value.Properties["error"].Value.Properties["code"].Value
	known := map[fault.Code]bool{}
	for _, c := range code.Enum {
		known[fault.Code(c.(string))] = true
	}
	return known
}

func TestEveryOperationsFaultsHaveTheirStatus(t *testing.T) {
	doc := readContract(t)
	known := documented(doc)
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			codes := faultsOf(t, operation)
			statuses := map[int]bool{}
			for _, code := range codes {
				status := fault.HTTPStatus(code)
				statuses[status] = true
				if operation.Responses.Status(status) == nil {
					t.Errorf("%s %s has %s but no answer %d", method, path, code, status)
				}
				if !known[code] {
					t.Errorf("%s %s has %s, which Error has not", method, path, code)
				}
			}
			for status := range operation.Responses.Map() {
				if number, err := strconv.Atoi(status); err != nil || number >= 400 && !statuses[number] {
					t.Errorf("%s %s has an answer %s for no fault", method, path, status)
				}
			}
		}
	}
}

func TestEveryFaultInTheSourceIsDocumented(t *testing.T) {
	known := documented(readContract(t))
	used := map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Code") && s.Sel.Name != "Code" {
				if from, ok := s.X.(*ast.Ident); ok && from.Name == "fault" {
					used[s.Sel.Name] = true
				}
			}
			return true
		})
	}
	if len(used) < 8 {
		t.Fatalf("found only %v", slices.Collect(maps.Keys(used)))
	}
	for name := range used {
		code := fault.Code(snake(strings.TrimPrefix(name, "Code")))
		if !known[code] {
			t.Errorf("%s is used, but the contract's Error has no %q", name, code)
		}
	}
}

func TestEveryRoleAndStateHasAName(t *testing.T) {
	roles, states := map[string]bool{}, map[string]bool{}
	for role := range listenv1.Role_name {
		roles[view.RoleFrom(listenv1.Role(role))] = true
	}
	for state := range listenv1.RoomState_name {
		states[view.StateFrom(listenv1.RoomState(state))] = true
	}
	schemas := readContract(t).Components.Schemas
	for schema, told := range map[string]map[string]bool{"Role": roles, "State": states} {
		named := schemas[schema].Value.Enum
		for _, name := range named {
			if !told[name.(string)] {
				t.Errorf("no %s is ever %s", schema, name)
			}
		}
		if len(told) != len(named) {
			t.Errorf("%s has %v, told are %v", schema, named, told)
		}
	}
}

// snake turns BadSDP into bad_sdp.
func snake(name string) string {
	var out []byte
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			if i > 0 && name[i-1] >= 'a' {
				out = append(out, '_')
			}
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}
