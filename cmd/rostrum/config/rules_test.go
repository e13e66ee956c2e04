package config

import "testing"

func TestOnlyRunningRolesNeed(t *testing.T) {
	for _, c := range []struct {
		name  string
		roles []string
		set   []string
		want  []string
	}{
		{"nobody", nil, nil, nil},
		{"account", []string{Account}, nil, []string{`keys.file is needed by account, like /etc/rostrum/keys.json`}},
		{"edge", []string{Edge}, nil, []string{
			`public_url is needed by edge, like "https://rooms.example.org"`,
			`peers.signaling is needed by edge, like ["signaling-1:7003"]`,
		}},
		{"several", []string{SFU, Signaling, ListenerState, Room}, nil, []string{ // who run together need no address
			`redis.addresses is needed by listenerstate and signaling, like ["127.0.0.1:6379"]`,
			`keys.file is needed by room and signaling, like /etc/rostrum/keys.json`,
		}},
		{"an embedded store", []string{ListenerState}, []string{"store=bolt", "redis.addresses=a:1"}, []string{`folder is needed by listenerstate`}},
		{"what was refused is not missed", []string{ListenerState}, []string{"redis.addresses=redis"}, []string{
			`--set redis.addresses: wants host:port, like "10.0.0.7:7010", not "redis"`,
		}},
		{"made empty", []string{ListenerState}, []string{"redis.addresses="}, []string{
			`--set redis.addresses: redis.addresses is needed by listenerstate, like ["127.0.0.1:6379"]`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(Source{Set: c.set}, c.roles)
			same(t, lines(t, err, ""), c.want)
		})
	}
}

func TestWhatDoesNotGoTogether(t *testing.T) {
	for _, c := range []struct {
		name, file string
		roles      []string
		want       []string
	}{
		{"two doors on one port", "listen:\n  sfu: ':7012'\n  http: ':7011'\n  operator: '[::]:7012'\n", []string{SFU, Edge}, []string{
			`rostrum.yaml:4: listen.operator: takes port 7012, which is that of listen.sfu`,
		}},
		{"a door on another's default", "listen: {http: ':7002'}\n", []string{MobileAPI, ListenerState}, []string{
			`rostrum.yaml:1: listen.http: takes port 7002, which is that of listen.listenerstate`,
		}},
		{"the media's port", "listen: {http: '127.0.0.1:7881'}\n", []string{Edge, SFU}, []string{
			`rostrum.yaml:1: listen.http: takes port 7881, which is that of listen.media`,
		}},
		{"doors of several processes", "listen: {http: ':7002'}\n", []string{Edge}, nil},
		{"one port of two addresses", "listen: {sfu: '127.0.0.1:1', http: '127.0.0.2:1'}\n", []string{SFU, Edge}, nil},
		{"free ports", "listen: {sfu: ':0', http: ':0', operator: ':0', media: 0}\n", []string{SFU, Edge}, nil},
		{"certificates without keys", "keys:\n  certificate: a.pem\ntls:\n  private_key: b.pem\n", nil, []string{
			`rostrum.yaml:2: keys.certificate: wants keys.private_key with it`,
			`rostrum.yaml:4: tls.private_key: wants tls.certificate with it`,
		}},
		{"half a credential", "dynamo: {access_key: a}\n", nil, []string{`rostrum.yaml:1: dynamo.access_key: wants dynamo.secret_key with it`}},
		{"a cluster that is none", "redis: {addresses: ['a:1', 'b:1']}\n", nil, []string{
			`rostrum.yaml:1: redis.addresses: wants one address, or redis.cluster: true`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t, c.file)
			given := []string{
				"public_url=https://a", "peers.signaling=a:1", "peers.listenerstate=a:1", "peers.room=a:1", "peers.account=a:1", "keys.file=k",
			}
			if c.name != "a cluster that is none" {
				given = append(given, "redis.addresses=a:1")
			}
			_, err := Load(Source{File: path, Set: given, NoFiles: true}, c.roles)
			same(t, lines(t, err, path), c.want)
		})
	}
}

func TestValidateSaysWhatLoadWould(t *testing.T) {
	c := presets()
	same(t, lines(t, c.Validate([]string{ListenerState}), ""), []string{
		`redis.addresses is needed by listenerstate, like ["127.0.0.1:6379"]`, `node: wants a name; the host's makes none`,
	})
	c.Node, c.PublicURL, c.Peers.Signaling, c.Listen.Operator = "edge-1", "https://a", []string{"a:1"}, ":8080"
	same(t, lines(t, c.Validate([]string{Edge}), ""), []string{`listen.operator: takes port 8080, which is that of listen.http`})
	c.Listen.Operator = "127.0.0.1:7090"
	if err := c.Validate([]string{Edge}); err != nil {
		t.Error(err)
	}
	c.Region, c.Log.Level, c.Peers.Signaling, c.Traces.Sample = "", 3, []string{"a"}, -1
	same(t, lines(t, c.Validate([]string{Edge, "x"}), ""), []string{
		`unknown role "x"; the roles are room, listenerstate, signaling, account, sfu, edge and mobile-api`,
		`region: wants 1 to 32 of a-z, 0-9 and -, not ""`,
		`log.level: wants debug, info, warn or error, not "INFO+3"`,
		`peers.signaling: wants host:port, like "10.0.0.7:7010", not "a"`,
		`traces.sample: wants a number from 0 to 1, not "-1"`,
	})
}
