package dynamo

import (
	_ "embed" // tables.json
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table is a table without the prefix of an installation.
type Table string

// The tables. All keys are texts that begin with the app.
const (
	Rooms    Table = "rooms"
	Accounts Table = "accounts"
	Stage    Table = "stage"
)

// LiveIndex is the index of Rooms by the attributes "live" and "since"; rooms without them are not in it.
const LiveIndex = "live"

// tablesJSON defines the tables, once for this package and for Terraform.
//
//go:embed tables.json
var tablesJSON string

// keys are the attributes that an item is found by.
type keys struct {
	Partition string `json:"partition_key"`
	Sort      string `json:"sort_key"` // "": none
}

type index struct {
	keys
	Projection string `json:"projection"`
}

type definition struct {
	keys
	Attributes map[string]string `json:"attributes"` // types of the keys
	Indexes    map[string]index  `json:"indexes"`
	Expiry     string            `json:"expiry"` // seconds since 1970; "": items do not expire
}

func definitions() (map[Table]definition, error) {
	var tables map[Table]definition
	decoder := json.NewDecoder(strings.NewReader(tablesJSON))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&tables); err != nil {
		return nil, fmt.Errorf("dynamo: read tables.json: %w", err)
	}
	return tables, nil
}

// Name is what a table is called in this installation.
func (db *DB) Name(table Table) string { return db.prefix + string(table) }

// inOrder answers the tables by name, so that what is said of them is always said in one order.
func (db *DB) inOrder() []Table { return slices.Sorted(maps.Keys(db.tables)) }

func (k keys) String() string {
	if k.Sort == "" {
		return "(" + k.Partition + ")"
	}
	return "(" + k.Partition + ", " + k.Sort + ")"
}

func isTableName(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '.' && r != '-'
	})
}
