package dynamo

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
)

// patient is long enough for a server on a machine that has other things to do.
const patient = 30 * time.Second

func open(t *testing.T, cfg Config) *DB {
	t.Helper()
	if cfg.Credentials == "" {
		cfg.Credentials = CredentialsStatic
	}
	db, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// withTables opens a database that has its tables.
func withTables(t *testing.T, endpoint string) *DB {
	t.Helper()
	db := open(t, Config{Endpoint: endpoint, Timeout: patient})
	if err := db.CreateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestConfigSaysAllErrorsAtOnce(t *testing.T) {
	wrong := Config{Endpoint: "localhost:8000", Prefix: "a/", AccessKey: "k", Timeout: -1}
	err := wrong.Validate()
	for _, want := range []string{"endpoint", "prefix", "credentials: static", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v says nothing of %s", err, want)
		}
	}
	for _, cfg := range []Config{
		{Endpoint: "http://user@host:1"}, {Endpoint: "http://host:1?x=y"}, {Endpoint: "ftp://host"}, {Credentials: "dynamic"},
		{Credentials: CredentialsStatic}, {Credentials: CredentialsStatic, AccessKey: "k"}, {Prefix: strings.Repeat("x", 65)},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
	for _, cfg := range []Config{
		{}, {Endpoint: "http://127.0.0.1:8000"}, {Credentials: CredentialsStatic, AccessKey: "k", SecretKey: "s"},
		{Endpoint: "https://dynamo.local", Credentials: CredentialsStatic, Prefix: "Two_1."},
	} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestOpenWantsARegionOfAWS(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	if _, err := Open(t.Context(), Config{}); err == nil || !strings.Contains(err.Error(), "region") {
		t.Errorf("without a region: %v", err)
	}
	t.Setenv("AWS_REGION", "eu-central-1")
	if _, err := Open(t.Context(), Config{}); err != nil {
		t.Error(err)
	}
}

func TestTablesAreCreatedOnceAndChecked(t *testing.T) {
	endpoint := testkit.Dynalite(t)
	db, ctx := open(t, Config{Endpoint: endpoint, Timeout: patient}), t.Context()
	err := db.CheckTables(ctx)
	for _, want := range []string{"table rostrum-rooms is missing", "table rostrum-accounts is missing", "table rostrum-stage is missing"} {
		if !errors.Is(err, ErrTables) || !strings.Contains(err.Error(), want) {
			t.Errorf("of no tables it is said: %v", err)
		}
	}
	created := make(chan error)
	for range 3 { // as when several processes are set up together
		go func() { created <- db.CreateTables(ctx) }()
	}
	for range 3 {
		if err := <-created; err != nil {
			t.Error(err)
		}
	}
	if err := db.CreateTables(ctx); err != nil {
		t.Errorf("again: %v", err)
	}
	other := open(t, Config{Endpoint: endpoint, Prefix: "other-", Timeout: patient})
	if err := other.CheckTables(ctx); !errors.Is(err, ErrTables) {
		t.Errorf("another installation's tables: %v", err)
	}
}

func TestCheckTablesSaysWhatDiffers(t *testing.T) {
	db, ctx := open(t, Config{Endpoint: testkit.Dynalite(t), Timeout: patient}), t.Context()
	for table, schema := range map[Table]keys{Rooms: {Partition: "pk"}, Stage: {Partition: "pk", Sort: "offset"}} {
		in := definition{keys: schema, Attributes: map[string]string{"pk": "S"}}
		if schema.Sort != "" {
			in.Attributes[schema.Sort] = "N"
		}
		if _, err := db.client.CreateTable(ctx, in.input(db.Name(table))); err != nil {
			t.Fatal(err)
		}
	}
	err := db.CreateTables(ctx) // what is there is not changed
	for _, want := range []string{
		"table rostrum-rooms index live is missing", "table rostrum-stage has the key (pk, offset), not (pk, sk)",
	} {
		if !errors.Is(err, ErrTables) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "accounts") {
		t.Errorf("said of a table that is right: %v", err)
	}
}

func TestDifferencesOfTablesAndIndexes(t *testing.T) {
	tables, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	got := tables[Rooms].differences(&types.TableDescription{
		TableStatus: types.TableStatusUpdating, KeySchema: keys{Partition: "pk"}.schema(),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("since"), AttributeType: "N"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndexDescription{{
			IndexName: aws.String("live"), KeySchema: keys{Partition: "live"}.schema(), IndexStatus: types.IndexStatusCreating,
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	})
	want := "is UPDATING|has since of type N, not S|index live is CREATING|index live has the key (live), not (live, since)|index live does not project ALL"
	if strings.Join(got, "|") != want {
		t.Errorf("it is said:\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestADatabaseThatIsDownIsUnavailableUntilItIsBack(t *testing.T) {
	server := testkit.DynaliteOnDisk(t, t.TempDir())
	db, ctx, key := withTables(t, server.Endpoint), t.Context(), Key{PK: "main#a"}
	item := Item{}
	item.SetText("said", "before")
	if _, err := db.Put(ctx, Rooms, key, item, Absent()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if _, err := db.Load(ctx, Rooms, key); !fault.Is(err, fault.CodeUnavailable) || fault.From(err).RetryAfter == 0 {
		t.Errorf("down: %v", err)
	}
	if _, err := db.Put(ctx, Rooms, key, item, Absent()); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("down: %v", err)
	}
	if err := db.CheckTables(ctx); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("down: %v", err)
	}
	server.Start()
	if got, err := db.Load(ctx, Rooms, key); err != nil || Read(got).Text("said") != "before" {
		t.Errorf("back: %v, %v", got, err)
	}
	if err := db.CheckTables(ctx); err != nil {
		t.Errorf("back: %v", err)
	}
}

func TestADatabaseThatHangsIsUnavailableInTime(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connections are made, and nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	db := open(t, Config{Endpoint: "http://" + silent.Addr().String(), Timeout: 200 * time.Millisecond})
	begin := time.Now()
	if _, err := db.Load(t.Context(), Rooms, Key{PK: "main#a"}); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("it hangs: %v", err)
	}
	if took := time.Since(begin); took > patient {
		t.Errorf("it took %v to give up", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Load(ctx, Rooms, Key{PK: "main#a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled by the caller: %v", err)
	}
}

func TestAMissingTableIsUnavailable(t *testing.T) {
	db := open(t, Config{Endpoint: testkit.Dynalite(t), Timeout: patient})
	if _, err := db.Load(t.Context(), Rooms, Key{PK: "main#a"}); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("no table yet: %v", err)
	}
	invalid := db.first(Query{Table: Rooms, Where: Condition{Text: "this is no expression"}})
	if _, err := db.page(t.Context(), Query{Table: Rooms}, invalid); err == nil || fault.From(err).Code != fault.CodeInternal {
		t.Errorf("a request that is wrong: %v", err)
	}
}
