package config

import (
	"log/slog"
	"net/netip"

	"rostrum/internal/id"
)

// section is a part of the file, and what it is about.
type section struct {
	name, doc string
}

// sections are the parts of the file, in its order. The first holds the keys that stand alone.
var sections = []section{
	{"", "Keys that stand in no section."},
	{"log", "What is said to standard error."},
	{"listen", "The addresses that a process opens, host:port each. Without a host all of the machine's; with port 0 a free one."},
	{"advertise", "Where others reach this process, where that is not where it listens."},
	{"peers", "Where the control services are, host:port each. A service with several instances has several addresses, which take turns."},
	{"redis", "Where stage logs and leases lie."},
	{"dynamo", "A DynamoDB. What is empty is found as all AWS programs find it: environment, profile, role of the machine."},
	{"keys", "What a process proves itself with. With a certificate roles speak mutual TLS among themselves."},
	{"tls", "The certificate of the public door. Without one it speaks plain HTTP, to a proxy that ends TLS in front of it."},
	{"profiles", "Where profiles are pushed."},
	{"traces", "Where traces are pushed."},
	{"limits", "How much a process takes on before it refuses. 0: the default of the role."},
}

// The roles that share keys.
var (
	everyRole = Roles()
	stores    = []string{Room, ListenerState, Account}
	hot       = []string{ListenerState, Signaling}
	doors     = []string{Edge, MobileAPI}
	keepers   = []string{Room, Signaling, Account, MobileAPI}
)

// keys are all settings, in the order of the file.
var keys = []key{
	{name: "region", preset: "local", sample: "eu-west", roles: everyRole,
		value: one(label[string](), func(c *Config) *string { return &c.Region }),
		doc:   "Where the process stands. Listeners are sent to edges of their region."},
	{name: "node", roles: everyRole,
		value: one(label[id.Node](), func(c *Config) *id.Node { return &c.Node }),
		doc:   "The process's name, which no other process has. Where it is empty the name is made from the host's, with the role where the process runs only one."},
	{name: "public_url", sample: "https://rooms.example.org", roles: doors, needed: []string{Edge},
		value: one(webHost(), func(c *Config) *string { return &c.PublicURL }),
		doc:   "Where people reach this process: an edge's listeners, or those who open the page and call the API."},
	{name: "store", preset: StoreDynamo, roles: stores,
		value: one(choice(StoreDynamo, StoreBolt), func(c *Config) *string { return &c.Store }),
		doc:   "Where rooms, people and the archive of stages lie: dynamo, or bolt for a file that one process alone can open."},
	{name: "folder", roles: []string{Room, ListenerState, Account, Edge}, needed: stores, file: folder,
		value: one(words(), func(c *Config) *string { return &c.Folder }),
		doc:   "The folder of that file, when the store is bolt. An edge that enrols keeps its certificate there over a restart; without one it enrols anew."},

	{name: "log.level", preset: "info", roles: everyRole,
		value: one(level(), func(c *Config) *slog.Level { return &c.Log.Level }),
		doc:   "The least level that is said: debug, info, warn or error."},
	{name: "log.format", preset: "text", roles: everyRole,
		value: one(choice("text", "json"), func(c *Config) *string { return &c.Log.Format }),
		doc:   "text for people, json for programs."},

	{name: "listen.http", preset: ":8080", roles: doors,
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.HTTP }),
		doc:   "The public door."},
	{name: "listen.media", preset: "7881", roles: []string{SFU},
		value: one(number("a port from 0 to 65535", 65535), func(c *Config) *int { return &c.Listen.Media }),
		doc:   "Port of the speakers' media, UDP and TCP, on all addresses."},
	{name: "listen.room", preset: ":7001", roles: []string{Room},
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.Room }),
		doc:   "gRPC of the catalogue of rooms."},
	{name: "listen.listenerstate", preset: ":7002", roles: []string{ListenerState},
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.ListenerState }),
		doc:   "gRPC of the stage logs."},
	{name: "listen.signaling", preset: ":7003", roles: []string{Signaling},
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.Signaling }),
		doc:   "gRPC of sessions, placement and the registry of nodes."},
	{name: "listen.account", preset: ":7004", roles: []string{Account},
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.Account }),
		doc:   "gRPC of people and their tokens."},
	{name: "listen.sfu", preset: ":7010", roles: []string{SFU},
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.SFU }),
		doc:   "gRPC of a node that speakers are on, its relay among it."},
	{name: "listen.operator", preset: "127.0.0.1:7090", roles: everyRole,
		value: one(listenAddress(), func(c *Config) *string { return &c.Listen.Operator }),
		doc:   "Metrics, health and profiles in HTTP. Whoever reaches it sees all of them."},

	{name: "advertise.sfu", roles: []string{SFU},
		value: one(peerAddress(), func(c *Config) *string { return &c.Advertise.SFU }),
		doc:   "host:port of the gRPC of an SFU."},
	{name: "advertise.media", roles: []string{SFU},
		value: many(internetAddress(), func(c *Config) *[]netip.Addr { return &c.Advertise.Media }),
		doc:   "IP addresses that speakers are told, where a router translates them one to one."},

	{name: "peers.room", sample: "room-1:7001", roles: []string{MobileAPI}, needed: []string{MobileAPI},
		value: many(peerAddress(), func(c *Config) *[]string { return &c.Peers.Room }),
		doc:   "The catalogue of rooms. Not needed where the role runs in the same process; so it is with all peers."},
	{name: "peers.listenerstate", sample: "stage-1:7002", roles: []string{Room, Signaling, SFU, MobileAPI}, needed: []string{Room, Signaling, SFU, MobileAPI},
		value: many(peerAddress(), func(c *Config) *[]string { return &c.Peers.ListenerState }),
		doc:   "The stage logs."},
	{name: "peers.signaling", sample: "signaling-1:7003", roles: []string{SFU, Edge, MobileAPI}, needed: []string{SFU, Edge, MobileAPI},
		value: many(peerAddress(), func(c *Config) *[]string { return &c.Peers.Signaling }),
		doc:   "Sessions, placement and the registry of nodes."},
	{name: "peers.account", sample: "account-1:7004", roles: []string{MobileAPI}, needed: []string{MobileAPI},
		value: many(peerAddress(), func(c *Config) *[]string { return &c.Peers.Account }),
		doc:   "People and their tokens."},

	{name: "redis.addresses", sample: "127.0.0.1:6379", roles: hot, needed: hot,
		value: many(peerAddress(), func(c *Config) *[]string { return &c.Redis.Addresses }),
		doc:   "host:port each: that of the server, or some of a cluster's."},
	{name: "redis.cluster", preset: "false", roles: hot,
		value: one(answer(), func(c *Config) *bool { return &c.Redis.Cluster }),
		doc:   "true where the addresses are those of a cluster."},
	{name: "redis.username", roles: hot,
		value: one(words(), func(c *Config) *string { return &c.Redis.Username }),
		doc:   "Who to be, where the server asks."},
	{name: "redis.password", roles: hot, secret: true,
		value: one(words(), func(c *Config) *string { return &c.Redis.Password }),
		doc:   "Better given in the environment than in a file."},
	{name: "redis.tls", preset: "false", roles: hot,
		value: one(answer(), func(c *Config) *bool { return &c.Redis.TLS }),
		doc:   "true to speak TLS."},
	{name: "redis.holding", roles: []string{ListenerState},
		value: one(choice("replica", "disk", "once"), func(c *Config) *string { return &c.Redis.Holding }),
		doc:   "How Redis has an event twice before it counts, with the store dynamo: replica, where a replica answers WAIT; disk, where it is written for good before Redis answers; or once. Empty: Redis is asked. For services that do not tell their replicas or settings."},

	{name: "dynamo.endpoint", roles: stores,
		value: one(webHost(), func(c *Config) *string { return &c.Dynamo.Endpoint }),
		doc:   "A URL, for a DynamoDB that is not that of AWS."},
	{name: "dynamo.region", roles: stores,
		value: one(label[string](), func(c *Config) *string { return &c.Dynamo.Region }),
		doc:   "The AWS region."},
	{name: "dynamo.prefix", preset: "rostrum-", roles: stores,
		value: one(tablePrefix(), func(c *Config) *string { return &c.Dynamo.Prefix }),
		doc:   "What the names of the tables begin with."},
	{name: "dynamo.access_key", roles: stores,
		value: one(words(), func(c *Config) *string { return &c.Dynamo.AccessKey }),
		doc:   "Given together with the secret key."},
	{name: "dynamo.secret_key", roles: stores, secret: true,
		value: one(words(), func(c *Config) *string { return &c.Dynamo.SecretKey }),
		doc:   "Better given in the environment than in a file."},

	{name: "keys.file", sample: "/etc/rostrum/keys.json", roles: keepers, needed: keepers, file: secretFile,
		value: one(words(), func(c *Config) *string { return &c.Keys.File }),
		doc:   "The secrets that control roles share, as `rostrum setup keys` makes them. They are read again when they change."},
	{name: "keys.enrolment", roles: []string{Edge}, secret: true,
		value: one(words(), func(c *Config) *string { return &c.Keys.Enrolment }),
		doc:   "The token that lets an edge in."},
	{name: "keys.certificate", roles: everyRole, file: publicFile,
		value: one(words(), func(c *Config) *string { return &c.Keys.Certificate }),
		doc:   "PEM file of this process's certificate and its authority's, as `rostrum setup certificate` makes it. With it the process speaks mutual TLS with other roles. An edge with an enrolment token of an authority needs none."},
	{name: "keys.private_key", roles: everyRole, file: secretFile,
		value: one(words(), func(c *Config) *string { return &c.Keys.PrivateKey }),
		doc:   "PEM file of its key."},
	{name: "keys.authority", roles: []string{Signaling}, file: publicFile,
		value: one(words(), func(c *Config) *string { return &c.Keys.Authority }),
		doc:   "PEM file of the authority that signs the certificates of edges, as `rostrum setup authority` makes it."},
	{name: "keys.authority_key", roles: []string{Signaling}, file: secretFile,
		value: one(words(), func(c *Config) *string { return &c.Keys.AuthorityKey }),
		doc:   "PEM file of its key."},

	{name: "tls.certificate", roles: doors, file: publicFile,
		value: one(words(), func(c *Config) *string { return &c.TLS.Certificate }),
		doc:   "PEM file of the certificate, with those between it and the authority."},
	{name: "tls.private_key", roles: doors, file: secretFile,
		value: one(words(), func(c *Config) *string { return &c.TLS.PrivateKey }),
		doc:   "PEM file of its key."},

	{name: "profiles.pyroscope", roles: everyRole,
		value: one(webPage(), func(c *Config) *string { return &c.Profiles.Pyroscope }),
		doc:   "URL of a Pyroscope server."},

	{name: "traces.otlp", roles: everyRole,
		value: one(peerAddress(), func(c *Config) *string { return &c.Traces.OTLP }),
		doc:   "host:port of a collector that speaks OTLP over gRPC."},
	{name: "traces.sample", preset: "1", roles: everyRole,
		value: one(share(), func(c *Config) *float64 { return &c.Traces.Sample }),
		doc:   "The share of requests that are traced."},

	{name: "limits.listeners", preset: "0", roles: []string{Edge},
		value: one(count(), func(c *Config) *int { return &c.Limits.Listeners }),
		doc:   "Listeners of an edge."},
	{name: "limits.rooms", preset: "0", roles: []string{SFU},
		value: one(count(), func(c *Config) *int { return &c.Limits.Rooms }),
		doc:   "Rooms at home on an SFU."},
	{name: "limits.watchers", preset: "0", roles: []string{ListenerState},
		value: one(count(), func(c *Config) *int { return &c.Limits.Watchers }),
		doc:   "Programs that follow stages, of one instance."},
	{name: "limits.sockets", preset: "0", roles: []string{MobileAPI},
		value: one(count(), func(c *Config) *int { return &c.Limits.Sockets }),
		doc:   "Events sockets of a gateway."},
}
