package redisdb

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
)

var cluster testkit.SharedCluster

func TestMain(m *testing.M) {
	code := m.Run()
	if err := cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func open(t testing.TB, c Config) redis.UniversalClient {
	t.Helper()
	client, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestValidateSaysEverything(t *testing.T) {
	if err := (Config{Addresses: []string{"[::1]:6379", "redis:6380"}, Cluster: true, TLS: true, CAFile: "ca.pem", Password: "p"}).Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Addresses: []string{"redis", ":1"}, Username: "u", CAFile: "ca.pem", PoolSize: -1}.Validate()
	for _, want := range []string{"several addresses", `"redis"`, `":1"`, "without a password", "no TLS", "negative"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not speak of %s", err, want)
		}
	}
	if _, err := Open(Config{}); err == nil {
		t.Error("opened without an address")
	}
	if _, err := Open(Config{Addresses: []string{"a:1"}, TLS: true, CAFile: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("opened without the certificates it was told to check")
	}
}

// A server that takes connections and says nothing costs a call its timeouts, not more.
func TestASilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, clustered := range []bool{false, true} {
		client := open(t, Config{Addresses: []string{silent.Addr().String()}, Cluster: clustered, Timeout: 50 * time.Millisecond})
		ended := make(chan error, 1)
		go func() { ended <- client.Ping(context.Background()).Err() }()
		select {
		case err := <-ended:
			if err == nil {
				t.Error("it answered")
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("cluster %v: the call did not end", clustered)
		}
		if _, err := Check(t.Context(), client); err == nil || errors.Is(err, ErrUnfit) {
			t.Errorf("check: %v, want one that may pass", err)
		}
	}
}

func TestPasswordsAndTLS(t *testing.T) {
	certificate, key := certify(t)
	address := testkit.FreePort(t)
	_, port, _ := net.SplitHostPort(address)
	testkit.Redis(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no",
		"--user", "rostrum", "on", ">secret", "~*", "&*", "+@all", "--user", "default", "off")
	right := Config{Addresses: []string{address}, Username: "rostrum", Password: "secret", TLS: true, CAFile: certificate, Name: "rostrum-a"}
	client := open(t, right)
	testkit.Eventually(t, time.Minute, func() error { return client.Ping(t.Context()).Err() })
	if listed, err := client.ClientList(t.Context()).Result(); err != nil || !strings.Contains(listed, "name=rostrum-a") {
		t.Errorf("clients are %q, %v", listed, err)
	}
	for name, change := range map[string]func(*Config){
		"another password": func(c *Config) { c.Password = "guess" },
		"no password":      func(c *Config) { c.Username, c.Password = "", "" },
		"no TLS":           func(c *Config) { c.TLS, c.CAFile = false, "" },
		"another CA":       func(c *Config) { c.CAFile = "" },
	} {
		wrong := right
		change(&wrong)
		if err := open(t, wrong).Ping(t.Context()).Err(); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
}

// certify makes a certificate for 127.0.0.1 that vouches for itself.
func certify(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", public), write("key.pem", "PRIVATE KEY", secret)
}
