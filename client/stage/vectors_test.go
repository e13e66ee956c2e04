package stage

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"rostrum/client/api"
)

// TestFoldVectors folds what docs/vectors/events.json says to a person, and wants what a snapshot would say then.
func TestFoldVectors(t *testing.T) {
	text, err := os.ReadFile("../../docs/vectors/events.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Folds []struct {
			Name     string
			User     string
			Messages []json.RawMessage
			Position api.Position
			Stage    map[string]any
			You      map[string]any
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors.Folds) == 0 {
		t.Fatalf("%d vectors, %v", len(vectors.Folds), err)
	}
	for _, v := range vectors.Folds {
		t.Run(v.Name, func(t *testing.T) {
			f := &Follower{cfg: Config{Waiting: 1000}, news: make(chan struct{}, 1)}
			f.fold.You.User = v.User
			for _, raw := range v.Messages {
				m, err := parse(raw)
				if err == nil {
					err = f.take(m)
				}
				if err != nil {
					t.Fatalf("%s: %v", raw, err)
				}
			}
			if f.fold.Position != v.Position {
				t.Errorf("at %v, want %v", f.fold.Position, v.Position)
			}
			sameFields(t, f.fold.Stage.Stage, v.Stage, "hands", "invites", "removed")
			sameFields(t, f.fold.You, v.You)
		})
	}
}

// sameFields wants a value to say what is wanted; the fields of lists may be away where those are empty.
func sameFields(t *testing.T, value any, want map[string]any, lists ...string) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		for _, of := range []map[string]any{got, want} {
			if of[list] == nil {
				of[list] = []any{}
			}
		}
	}
	for field := range want {
		if !reflect.DeepEqual(got[field], want[field]) {
			t.Errorf("%s is %v, want %v", field, got[field], want[field])
		}
	}
}
