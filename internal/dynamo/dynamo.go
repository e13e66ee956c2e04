// Package dynamo owns how DynamoDB is reached and which tables there are: every store of ours reads and writes single
// items through it.
//
// It uses what DynamoDB, DynamoDB Local and dynalite have in common: conditional writes of one item, consistent reads,
// queries. There are no transactions, and nothing relies on items being deleted when they expire.
package dynamo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	defaultPrefix  = "rostrum-"
	defaultTimeout = 2 * time.Second
	maxPrefix      = 64
)

// The ways to get credentials.
const (
	// CredentialsChain looks where the AWS SDK does: environment, shared files, the roles of containers and machines.
	CredentialsChain = "chain"
	// CredentialsStatic takes them from the configuration. Where there are none, an endpoint gets made-up ones: dynalite
	// and DynamoDB Local want a signature and do not check it.
	CredentialsStatic = "static"
)

// Config says where the tables are; the zero value is AWS as the environment has it.
type Config struct {
	Endpoint    string // URL; "": AWS's of the region
	Region      string // "": the environment's; with an endpoint us-east-1
	Prefix      string // of the tables' names; "": "rostrum-"
	Credentials string // CredentialsChain or CredentialsStatic; "": chain
	AccessKey   string // for CredentialsStatic
	SecretKey   string
	// Timeout bounds a call whose context has no deadline, with its retries; half of it bounds one try. 0: 2 s.
	Timeout time.Duration
	Metrics prometheus.Registerer // may be nil
}

// Validate says everything that is wrong.
func (c Config) Validate() error {
	var wrong []error
	if err := checkEndpoint(c.Endpoint); err != nil {
		wrong = append(wrong, err)
	}
	if !isTableName(c.Prefix) || len(c.Prefix) > maxPrefix {
		wrong = append(wrong, fmt.Errorf("dynamo: a prefix is at most %d of a-z A-Z 0-9 _ . -", maxPrefix))
	}
	switch c.Credentials {
	case "", CredentialsChain:
		if c.AccessKey != "" || c.SecretKey != "" {
			wrong = append(wrong, errors.New("dynamo: an access key or a secret key needs credentials: static"))
		}
	case CredentialsStatic:
		if (c.AccessKey == "") != (c.SecretKey == "") {
			wrong = append(wrong, errors.New("dynamo: one of access key and secret key is missing"))
		}
		if c.AccessKey == "" && c.Endpoint == "" {
			wrong = append(wrong, errors.New("dynamo: static credentials need an access key and a secret key, or an endpoint that checks none"))
		}
	default:
		wrong = append(wrong, fmt.Errorf("dynamo: credentials are %s or %s", CredentialsChain, CredentialsStatic))
	}
	if c.Timeout < 0 {
		wrong = append(wrong, errors.New("dynamo: a timeout is not negative"))
	}
	return errors.Join(wrong...)
}

// DB reaches the tables. Safe for concurrent use.
type DB struct {
	client    *dynamodb.Client
	transport *http.Transport
	tables    map[Table]definition
	prefix    string
	timeout   time.Duration
	isAWS     bool
	metrics   *metrics
}

// Open makes ready to reach the tables. It calls nobody: a database that is down is told by the calls.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tables, err := definitions()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	db := &DB{tables: tables, prefix: cfg.Prefix, timeout: cfg.Timeout, isAWS: cfg.Endpoint == "", metrics: m}
	if db.prefix == "" {
		db.prefix = defaultPrefix
	}
	if db.timeout == 0 {
		db.timeout = defaultTimeout
	}
	db.client, db.transport, err = connect(ctx, cfg, db.timeout, m)
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Close lets go of connections that are not in use.
func (db *DB) Close() error {
	db.transport.CloseIdleConnections()
	return nil
}

// call bounds a call to a table in time, measures it, and tells its error as a fault.
func (db *DB) call(ctx context.Context, table Table, operation string, do func(context.Context) error) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, db.timeout)
		defer cancel()
	}
	ctx, done := db.metrics.calls.Begin(ctx, string(table)+"."+operation)
	err := Fault(do(ctx))
	done(err)
	if err != nil {
		return fmt.Errorf("%s %s: %w", operation, db.Name(table), err)
	}
	return nil
}
