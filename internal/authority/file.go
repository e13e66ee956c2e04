package authority

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// Load reads an authority: a certificate and a key, both in PEM.
func Load(certificateFile, keyFile string) (*Authority, error) {
	certificate, err := Read(certificateFile, keyFile)
	if err != nil {
		return nil, err
	}
	key, ok := certificate.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !certificate.Leaf.IsCA {
		return nil, fmt.Errorf("%s is not the certificate of an authority", certificateFile)
	}
	cluster, err := clusterOf(key.Public())
	return &Authority{cluster, certificate.Leaf, key}, err
}

// Keep writes the authority to two files that do not exist yet. The key's has mode 0600.
func (a *Authority) Keep(certificateFile, keyFile string) error {
	return Write(&tls.Certificate{Certificate: [][]byte{a.certificate.Raw}, PrivateKey: a.key}, certificateFile, keyFile)
}

// Read reads a chain and its key, both in PEM; they may be one file.
func Read(chainFile, keyFile string) (*tls.Certificate, error) {
	chain, err := os.ReadFile(chainFile)
	if err != nil {
		return nil, fmt.Errorf("read a certificate: %w", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("read a certificate's key: %w", err)
	}
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate in %s: %w", chainFile, err)
	}
	return &certificate, nil
}

// Write writes a chain and its key to two files that do not exist yet. The key's has mode 0600.
func Write(c *tls.Certificate, chainFile, keyFile string) error {
	key, err := encodeKey(c)
	if err != nil {
		return err
	}
	return errors.Join(create(keyFile, key, 0o600), create(chainFile, encodeChain(c), 0o644))
}

// Encode is a chain and its key in one PEM text, which Read takes for both. It is secret.
func Encode(c *tls.Certificate) ([]byte, error) {
	key, err := encodeKey(c)
	return append(encodeChain(c), key...), err
}

func encodeChain(c *tls.Certificate) []byte {
	var text []byte
	for _, der := range c.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return text
}

func encodeKey(c *tls.Certificate) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("encode a certificate's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func create(path string, text []byte, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("keep a certificate: %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// join makes a certificate of a chain in DER and a key.
func join(chain [][]byte, key *ecdsa.PrivateKey) (*tls.Certificate, error) {
	if len(chain) == 0 {
		return nil, errors.New("a chain without a certificate")
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, fmt.Errorf("read a certificate: %w", err)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		return nil, errors.New("the certificate is for another key")
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}, nil
}
