// Package redisdb owns how Redis is reached: one server or a cluster, how long a call may take, how it is measured, and
// what the servers must be able to do.
package redisdb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// DefaultTimeout bounds a dial, a write and the wait for an answer, each.
	DefaultTimeout = time.Second
	// DefaultPoolSize is how many connections a client keeps to each server at most.
	DefaultPoolSize = 32

	dials       = 2 // a call that finds no server fails soon; who calls tries again
	dialPause   = 50 * time.Millisecond
	retriesOne  = 2                     // after the first try
	redirects   = 5                     // in a cluster: retries and moves of a slot
	pauseLeast  = 10 * time.Millisecond // before a retry; the client chooses between them at random
	pauseMost   = 250 * time.Millisecond
	idleMost    = 5 * time.Minute
	sightingOld = time.Second // a cluster's layout is asked for again; by itself the library would take a minute
)

// Config says where Redis is.
type Config struct {
	// Addresses are host:port: of the one server, or of some servers of a cluster.
	Addresses []string
	Cluster   bool
	Username  string
	Password  string
	TLS       bool
	// CAFile holds the certificates, as PEM, that servers are checked against; empty: those of the machine.
	CAFile string
	// Name is how servers list the connections of this process; no spaces. Empty: none.
	Name     string
	PoolSize int           // per server; 0: DefaultPoolSize
	Timeout  time.Duration // 0: DefaultTimeout
	Metrics  prometheus.Registerer
}

// Validate says all that is wrong.
func (c Config) Validate() error {
	var wrong []error
	if len(c.Addresses) == 0 {
		wrong = append(wrong, errors.New("redis: no address"))
	}
	if len(c.Addresses) > 1 && !c.Cluster {
		wrong = append(wrong, errors.New("redis: several addresses, but not a cluster"))
	}
	for _, address := range c.Addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			wrong = append(wrong, fmt.Errorf("redis: address %q is not host:port", address))
		}
	}
	if c.CAFile != "" && !c.TLS {
		wrong = append(wrong, errors.New("redis: certificates to check, but no TLS"))
	}
	if c.Username != "" && c.Password == "" {
		wrong = append(wrong, errors.New("redis: a user without a password"))
	}
	if c.PoolSize < 0 || c.Timeout < 0 {
		wrong = append(wrong, errors.New("redis: a bound is negative"))
	}
	return errors.Join(wrong...)
}

func (c Config) withDefaults() Config {
	if c.PoolSize == 0 {
		c.PoolSize = DefaultPoolSize
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	return c
}

// Open makes a client, which is the caller's to close. It connects when it is first used: a Redis that cannot be reached
// is found by Check, or by the first call, and again and again until it is there.
//
// Calls end with their context; a call without a deadline ends all the same, after a few tries of Timeout each. Calls are
// tried again where an answer was not heard: what is sent must bear to be done twice.
func Open(c Config) (redis.UniversalClient, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	secure, err := c.secure()
	if err != nil {
		return nil, err
	}
	var client redis.UniversalClient
	if c.Cluster {
		client = redis.NewClusterClient(c.clusterOptions(secure))
	} else {
		client = redis.NewClient(c.options(secure))
	}
	if err := Observe(client, c.Metrics); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

func (c Config) secure() (*tls.Config, error) {
	if !c.TLS {
		return nil, nil
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return secure, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("redis: read the certificates to check: %w", err)
	}
	secure.RootCAs = x509.NewCertPool()
	if !secure.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("redis: %s holds no certificate", c.CAFile)
	}
	return secure, nil
}

func (c Config) options(secure *tls.Config) *redis.Options {
	return &redis.Options{
		Addr: c.Addresses[0], Username: c.Username, Password: c.Password, TLSConfig: secure, ClientName: c.Name,
		DialTimeout: c.Timeout, DialerRetries: dials, DialerRetryTimeout: dialPause,
		ReadTimeout: c.Timeout, WriteTimeout: c.Timeout, ContextTimeoutEnabled: true,
		PoolSize: c.PoolSize, PoolTimeout: c.Timeout, ConnMaxIdleTime: idleMost,
		MaxRetries: retriesOne, MinRetryBackoff: pauseLeast, MaxRetryBackoff: pauseMost,
		DisableIdentity: true, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func (c Config) clusterOptions(secure *tls.Config) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs: c.Addresses, Username: c.Username, Password: c.Password, TLSConfig: secure, ClientName: c.Name,
		DialTimeout: c.Timeout, DialerRetries: dials, DialerRetryTimeout: dialPause,
		ReadTimeout: c.Timeout, WriteTimeout: c.Timeout, ContextTimeoutEnabled: true,
		PoolSize: c.PoolSize, PoolTimeout: c.Timeout, ConnMaxIdleTime: idleMost,
		MaxRedirects: redirects, MinRetryBackoff: pauseLeast, MaxRetryBackoff: pauseMost,
		ClusterStateReloadInterval: sightingOld,
		DisableIdentity:            true, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}
