// Package config owns the configuration of a process: its form, where values come from, and what is wrong with it.
package config

import (
	"log/slog"
	"net/netip"

	"rostrum/internal/id"
)

// Config is what a process is told. Load fills it; docs/configuration.md says what each value means.
type Config struct {
	Region    string
	Node      id.Node
	PublicURL string // scheme and host, without a slash at the end
	Log       Log
	Listen    Listen
	Advertise Advertise
	Peers     Peers
	Redis     Redis
	Store     string // StoreDynamo or StoreBolt
	Folder    string
	Dynamo    Dynamo
	Keys      Keys
	TLS       TLS
	Profiles  Profiles
	Traces    Traces
	Limits    Limits
}

// Where rooms, people and the archive of stages lie.
const (
	StoreDynamo = "dynamo"
	StoreBolt   = "bolt"
)

// Log is what is said to standard error.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Listen are the addresses that a process opens, host:port each. An empty host means all; port 0 a free one.
type Listen struct {
	HTTP          string
	Media         int // a port, UDP and TCP
	Room          string
	ListenerState string
	Signaling     string
	Account       string
	SFU           string
	Operator      string
}

// Advertise is where others reach a process, where that is not where it listens.
type Advertise struct {
	SFU   string // host:port, or "": as it listens
	Media []netip.Addr
}

// Peers are the addresses of the control services, host:port each.
type Peers struct {
	Room          []string
	ListenerState []string
	Signaling     []string
	Account       []string
}

// Redis is where stage logs and leases lie.
type Redis struct {
	Addresses []string // host:port
	Cluster   bool
	Username  string
	Password  string
	TLS       bool
	Holding   string // how it has an event twice: replica, disk or once; "": it is asked
}

// Dynamo is a DynamoDB. What is empty is found as AWS programs find it.
type Dynamo struct {
	Endpoint  string // scheme and host, or "": that of the region
	Region    string
	Prefix    string // of the tables' names
	AccessKey string
	SecretKey string
}

// Keys are a process's secrets. Certificate and PrivateKey, Authority and AuthorityKey are PEM files, both of a pair or neither.
type Keys struct {
	File        string
	Enrolment   string
	Certificate string
	PrivateKey  string
	// Authority and AuthorityKey sign the certificates of edges.
	Authority    string
	AuthorityKey string
}

// TLS are the PEM files of the public door, both or neither.
type TLS struct {
	Certificate string
	PrivateKey  string
}

// Profiles is where profiles are pushed.
type Profiles struct {
	Pyroscope string // a URL, or "": nowhere
}

// Traces is where traces are pushed.
type Traces struct {
	OTLP   string  // host:port, or "": nowhere
	Sample float64 // the share of requests that are traced, 0 to 1
}

// Limits bound what a process takes on; 0 is the default of the role.
type Limits struct {
	Listeners int
	Rooms     int
	Watchers  int
	Sockets   int
}
