package listenerstate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

func TestThePermissionTableIsThatOfTheProtocol(t *testing.T) {
	said := tableRows(t, "| command | about oneself | about another | about the stage | service |")
	for _, p := range permissions {
		other := people(p.other)
		if p.below {
			other += ", of lower rank"
		}
		want := []string{people(p.self), other, people(p.stage), string(p.service)}
		if !slices.Equal(said[p.command], want) {
			t.Errorf("%s: docs/protocol.md says %q, the table is %q", p.command, said[p.command], want)
		}
		delete(said, p.command)
	}
	if len(said) > 0 {
		t.Errorf("docs/protocol.md also has %v", said)
	}
}

func people(least Role) string {
	if least == 0 {
		return ""
	}
	return least.String()
}

// TestEveryCommandHasOnePermission compares the table with the commands of the wire and with the types in the code.
func TestEveryCommandHasOnePermission(t *testing.T) {
	var rows []string
	for _, p := range permissions {
		rows = append(rows, p.command)
	}
	slices.Sort(rows)
	if unique := slices.Compact(slices.Clone(rows)); len(unique) != len(rows) {
		t.Errorf("a command stands twice in %v", rows)
	}
	var wire []string
	for _, empty := range everyWireCommand() {
		command, err := parseCommand(empty)
		if err != nil {
			t.Fatalf("%v: %v", empty, err)
		}
		wire = append(wire, command.kind())
		if name := snake(reflect.TypeOf(command).Name()); name != command.kind() {
			t.Errorf("%T is called %s", command, command.kind())
		}
	}
	slices.Sort(wire)
	if !slices.Equal(rows, wire) {
		t.Errorf("permissions are for %v, the wire has %v", rows, wire)
	}
	if types := commandTypes(t); !slices.Equal(rows, types) {
		t.Errorf("permissions are for %v, the types are %v", rows, types)
	}
}

// everyWireCommand answers a request with each command, empty.
func everyWireCommand() []*listenerstatev1.ApplyRequest {
	var requests []*listenerstatev1.ApplyRequest
	fields := (&listenerstatev1.ApplyRequest{}).ProtoReflect().Descriptor().Oneofs().ByName("command").Fields()
	for i := range fields.Len() {
		request := &listenerstatev1.ApplyRequest{
			App: string(someRoom.App), Room: string(someRoom.Room), CommandId: "c",
			Actor: &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: string(host)}},
		}
		request.ProtoReflect().Mutable(fields.Get(i))
		requests = append(requests, proto.CloneOf(request))
	}
	return requests
}

// commandTypes answers the names of the types of this package that decide something.
func commandTypes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			f, isFunc := declared.(*ast.FuncDecl)
			if !isFunc || f.Recv == nil || f.Name.Name != "decide" {
				continue
			}
			if receiver, isType := f.Recv.List[0].Type.(*ast.Ident); isType {
				types = append(types, snake(receiver.Name))
			}
		}
	}
	slices.Sort(types)
	return types
}

// TestEveryActorWithEveryCommandAboutEveryone compares what the code does with what the model says, for every kind of
// person and service, every command, and every kind of person it can be about, on stages of every kind.
func TestEveryActorWithEveryCommandAboutEveryone(t *testing.T) {
	cases, outcomes := 0, map[string]int{}
	for _, scene := range scenes(t) {
		for _, by := range scene.actors() {
			for _, command := range scene.commands(by) {
				cases++
				model := scene.model.clone()
				want, code := model.apply(by, command, scene.now)
				events, err := decide(scene.stage, Request{Actor: by, ID: "c", Command: command}, scene.now)
				if got := codeOf(err); got != code {
					t.Errorf("%s: %s of %s: %q, want %q", scene.name, scene.nameOf(by), scene.describe(command), got, code)
				}
				if !slices.EqualFunc(events, want, func(e Event, c Change) bool { return reflect.DeepEqual(e.Change, c) }) {
					t.Errorf("%s: %s of %s: %+v, want %+v", scene.name, scene.nameOf(by), scene.describe(command), events, want)
				}
				outcomes[endedIn(len(events), code)]++
			}
		}
	}
	t.Logf("%d cases: %v", cases, outcomes)
	if cases < 100_000 || outcomes["changes"] < 3_000 || outcomes["nothing"] < 5_000 {
		t.Errorf("%d cases, %v", cases, outcomes)
	}
	for _, code := range []fault.Code{
		fault.CodeForbidden, fault.CodeRemoved, fault.CodeNotFound, fault.CodeEnded, fault.CodeConflict, fault.CodeStageFull, fault.CodeNotSeated,
		fault.CodeHeld, fault.CodeHandsClosed, fault.CodeAlreadySeated, fault.CodeInviteExpired, fault.CodeNotInvited,
	} {
		if outcomes[string(code)] == 0 {
			t.Errorf("no case was refused with %s", code)
		}
	}
}

func endedIn(events int, code fault.Code) string {
	switch {
	case code != "":
		return string(code)
	case events > 0:
		return "changes"
	}
	return "nothing"
}
