package config

import (
	"log/slog"
	"net/netip"
	"reflect"
	"testing"
)

func TestWhatStandsFurtherDownWins(t *testing.T) {
	path := written(t, "region: file\nredis: {addresses: ['file:1', 'file:2'], cluster: true}\nlog: {level: warn}\nlimits: {rooms: 1}\n")
	source := Source{
		File:    path,
		Environ: []string{"ROSTRUM_REDIS_ADDRESSES=environment:1, environment:2", "ROSTRUM_LOG_LEVEL=debug", "ROSTRUM_LIMITS_ROOMS=2", "HOME=/root"},
		Set:     []string{"log.level=error", "limits.rooms=3", "limits.rooms=4", "advertise.media=203.0.113.7,2001:db8::1"},
	}
	c, err := Load(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen.HTTP != ":8080" || c.Traces.Sample != 1 || c.Dynamo.Prefix != "rostrum-" {
		t.Errorf("defaults: %+v", c)
	}
	if c.Region != "file" || !c.Redis.Cluster {
		t.Errorf("file: %+v", c)
	}
	if !reflect.DeepEqual(c.Redis.Addresses, []string{"environment:1", "environment:2"}) {
		t.Errorf("environment over file: %q", c.Redis.Addresses)
	}
	if c.Log.Level != slog.LevelError || c.Limits.Rooms != 4 {
		t.Errorf("flags over all: %+v", c)
	}
	if !reflect.DeepEqual(c.Advertise.Media, []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::1")}) {
		t.Errorf("a list in a flag: %v", c.Advertise.Media)
	}
}

// What an operator takes a variable away from must not be a surprise.
func TestWhatIsWonOverIsCheckedToo(t *testing.T) {
	path := written(t, "listen: {http: '80'}\n")
	_, err := Load(Source{File: path, Environ: []string{"ROSTRUM_LISTEN_HTTP=:80"}}, nil)
	same(t, lines(t, err, path), []string{`rostrum.yaml:1: listen.http: wants host:port, like ":8080", not "80"`})
}

func TestEmptyWinsOverAValue(t *testing.T) {
	c, err := Load(Source{
		File: written(t, "redis: {addresses: ['a:1'], password: x}\n"), Environ: []string{"ROSTRUM_REDIS_ADDRESSES="}, Set: []string{"redis.password="},
	}, nil)
	if err != nil || len(c.Redis.Addresses) != 0 || c.Redis.Password != "" {
		t.Errorf("%+v, %v", c.Redis, err)
	}
}

func TestTextsAreTakenAsWritten(t *testing.T) {
	c, err := Load(Source{File: written(t, "redis: {username: 0x10, password: 007}\ndynamo: {access_key: 2026-01-01, secret_key: yes}\n")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Redis.Username != "0x10" || c.Redis.Password != "007" || c.Dynamo.AccessKey != "2026-01-01" || c.Dynamo.SecretKey != "yes" {
		t.Errorf("%+v %+v", c.Redis, c.Dynamo)
	}
}

func TestUnknownVariables(t *testing.T) {
	_, err := Load(Source{Environ: []string{
		"ROSTRUM_REDIS_ADRESSES=a:1", "ROSTRUM_PYROSCOPE=http://a", "ROSTRUM_REDIS_PASS=a", "ROSTRUM_=a", "ROSTRUM_LISTEN=a", "ROSTRUM_listen_http=:1", "ROSTRUM",
		"ROSTRUM_CONFIG=/etc/rostrum.yaml", "ROSTRUM_URL=http://a", "ROSTRUM_NAME=a",
		"ROSTRUM_PORT=tcp://10.0.0.1:80", "ROSTRUM_SERVICE_HOST=10.0.0.1", "ROSTRUM_SERVICE_PORT_GRPC=1", "ROSTRUM_ROOM_PORT_7001_TCP_ADDR=10.0.0.1",
	}}, nil)
	same(t, lines(t, err, ""), []string{
		`environment ROSTRUM_: unknown variable; ` + whereAll,
		`environment ROSTRUM_LISTEN: unknown variable; ` + whereAll,
		`environment ROSTRUM_PYROSCOPE: unknown variable; did you mean ROSTRUM_PROFILES_PYROSCOPE?`,
		`environment ROSTRUM_REDIS_ADRESSES: unknown variable; did you mean ROSTRUM_REDIS_ADDRESSES?`,
		`environment ROSTRUM_REDIS_PASS: unknown variable; did you mean ROSTRUM_REDIS_PASSWORD?`,
		`environment ROSTRUM_listen_http: unknown variable; ` + whereAll,
	})
}

func TestBadFlags(t *testing.T) {
	_, err := Load(Source{Set: []string{"listen.http", "listen.https=:443", "=x", "log=info", "limits.rooms=many"}}, nil)
	same(t, lines(t, err, ""), []string{
		`--set listen.http: wants key=value`,
		`--set "listen.https": unknown key; did you mean "listen.http"?`,
		`--set "": unknown key; ` + whereAll,
		`--set "log": unknown key; ` + whereAll,
		`--set limits.rooms: wants a number from 0 to 10000000, not "many"`,
	})
}

func TestUnknownRoles(t *testing.T) {
	_, err := Load(Source{}, []string{"mobile", "api", "listener-state"})
	same(t, lines(t, err, ""), []string{
		`unknown role "mobile"; did you mean "mobile-api"?`,
		`unknown role "api"; the roles are room, listenerstate, signaling, account, sfu, edge and mobile-api`,
		`unknown role "listener-state"; did you mean "listenerstate"?`,
	})
}

func TestNodeIsNamedAfterItsHost(t *testing.T) {
	for _, c := range []struct {
		host  string
		roles []string
		want  string
	}{
		{"Web_1.example.org", []string{SFU}, "web-1-sfu"},
		{"web-1", []string{SFU, Edge}, "web-1"},
		{"a-host-whose-name-is-longer-than-a-nodes", []string{ListenerState}, "a-host-whose-name-listenerstate"},
		{"東京", []string{Edge}, ""},
		{"", nil, ""},
	} {
		if got := nodeName(c.host, c.roles); string(got) != c.want {
			t.Errorf("%s runs %v: %s", c.host, c.roles, got)
		}
	}
}
