package mobileapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"rostrum/internal/fault"
)

func TestJSONIsReadStrictly(t *testing.T) {
	for _, c := range []struct{ body, field string }{
		{``, "body"}, {`null`, "body"}, {`[]`, "body"}, {`"a"`, "body"}, {`{`, "body"}, {`{"title":"a"}x`, "body"},
		{`{"title":"a"}{}`, "body"}, {`{"title":"a",}`, "body"}, {"{\"title\":\"\xff\"}", "body"},
		{`{"Title":"a"}`, "Title"}, {`{"titel":"a"}`, "titel"}, {`{"title":"a","title":"b"}`, "title"},
		{`{"title":"a","t\u0069tle":"b"}`, "title"},
		{`{"":0}`, `""`}, {`{"title":null}`, "title"}, {`{"title":1}`, "title"}, {`{"title":{}}`, "title"}, {`{"open_stage":"yes"}`, "open_stage"},
		{`{"max_seats":-1}`, "max_seats"}, {`{"max_seats":1.5}`, "max_seats"}, {`{"max_seats":5000000000}`, "max_seats"},
		{`{"speakers":"a"}`, "speakers"}, {`{"speakers":[1]}`, "speakers"}, {`{"speakers":[null]}`, "speakers"}, {`{"speakers":[["a"]]}`, "speakers"},
		{`{"speakers":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "speakers"},
		{strings.Repeat(`{"title":`, 20000), "body"},
		{`{"` + strings.Repeat("x", 1000) + `":1}`, strings.Repeat("x", 40) + "…"},
	} {
		var in newRoom
		err := decode([]byte(c.body), &in)
		if f := fault.From(err); err == nil || f.Code != fault.CodeInvalid || f.Details["field"] != c.field {
			t.Errorf("%.60s: %v, want %s named", c.body, err, c.field)
		}
	}
	var in newRoom
	if err := decode([]byte(" {\"title\" : \"a\\u00e9\", \"max_seats\":3,\"speakers\":[\"x\",\"y\"]}\n"), &in); err != nil || in.Title != "aé" || *in.MaxSeats != 3 || len(in.Speakers) != 2 {
		t.Errorf("read %+v, %v", in, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"title":"a","description":"","language":"en","time_zone":"UTC","open_stage":true,"open_listening":false,"max_seats":3,"speakers":["a"],"scheduled_for":"x"}`,
		`{"title":null}`, `{"speakers":[[[[]]]]}`, `{"title":"a"}{}`, "{\"\\ud800\":1}", `{}`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in newRoom
		if err := decode(body, &in); err != nil {
			if f := fault.From(err); f.Code != fault.CodeInvalid || f.Details["field"] == "" || len(f.Message) > 300 {
				t.Fatalf("undocumented: %v", err)
			}
			return
		}
		// What is taken means the same to a reader that is not strict.
		var loose newRoom
		if err := json.Unmarshal(body, &loose); err != nil || !reflect.DeepEqual(in, loose) {
			t.Fatalf("%q is %+v here and %+v, %v elsewhere", body, in, loose, err)
		}
	})
}
