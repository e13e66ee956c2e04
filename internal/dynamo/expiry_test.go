package dynamo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"rostrum/internal/testkit"
)

// expiring answers for a database about expiry, which dynalite does not know, as DynamoDB does.
type expiring struct {
	mu  sync.Mutex
	on  map[string]string // attribute by table
	set int
}

func (e *expiring) serve(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation != "DescribeTimeToLive" && operation != "UpdateTimeToLive" {
		forward.ServeHTTP(w, r)
		return
	}
	var call struct {
		TableName               string
		TimeToLiveSpecification struct {
			AttributeName string
			Enabled       bool
		}
	}
	raw, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(raw, &call); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	switch attribute := e.on[call.TableName]; {
	case operation == "UpdateTimeToLive" && attribute != "":
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazon.coral.validate#ValidationException","message":"TimeToLive is already enabled"}`)
	case operation == "UpdateTimeToLive":
		e.set++
		e.on[call.TableName] = call.TimeToLiveSpecification.AttributeName
		io.WriteString(w, `{"TimeToLiveSpecification":{}}`)
	case attribute == "":
		io.WriteString(w, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`)
	default:
		fmt.Fprintf(w, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":%q}}`, attribute)
	}
}

func TestExpiredItemsAreDeletedWhereTheServerCan(t *testing.T) {
	e, ctx := &expiring{on: map[string]string{}}, t.Context()
	db := open(t, Config{Endpoint: between(t, testkit.Dynalite(t), e.serve), Timeout: patient})
	created := make(chan error)
	for range 3 {
		go func() { created <- db.CreateTables(ctx) }()
	}
	for range 3 {
		if err := <-created; err != nil {
			t.Error(err)
		}
	}
	if e.on["rostrum-rooms"] != "expires" || e.on["rostrum-accounts"] != "expires" || e.on["rostrum-stage"] != "" || e.set != 2 {
		t.Errorf("set %d times: %v", e.set, e.on)
	}
	db.isAWS = true
	if err := db.CheckTables(ctx); err != nil {
		t.Error(err)
	}
	e.on["rostrum-rooms"] = "until"
	err := db.CheckTables(ctx)
	if want := `table rostrum-rooms deletes no expired items: its time to live is "until", not "expires"`; !errors.Is(err, ErrTables) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
}
