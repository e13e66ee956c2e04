package setup

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/authority"
	"rostrum/internal/id"
	"rostrum/internal/secrets"
)

// What stands in the folder of all nodes beside those of the nodes, and what in a node's.
const (
	authorityFolder = "authority"
	secretsFile     = "keys.json"
	nodeFile        = "node.pem" // a certificate and its key, so that both are replaced at once
)

// renewBefore is how long a certificate has to be good to be kept: a third of its life.
const renewBefore = authority.HandMadeLifetime / 3

// Nodes makes what the nodes of a cluster prove themselves with, a folder for each.
type Nodes struct {
	Folder string   `arg:"" help:"Where the folders go. What is there is kept; certificates of which less than 30 days are left are made anew."`
	Nodes  []string `arg:"" name:"node" sep:"none" help:"NAME=ROLE, or NAME=ROLE,ROLE… Its folder is NAME."`
}

// Run makes what is missing of the authority, the secrets and the folders.
func (n *Nodes) Run(v *Verbs) error {
	nodes, err := parseNodes(n.Nodes)
	if err != nil {
		return err
	}
	root, shared := filepath.Join(n.Folder, authorityFolder), filepath.Join(n.Folder, secretsFile)
	if err := once(root, func() error { return (&Authority{Folder: root}).Run(v) }); err != nil {
		return err
	}
	signer, err := load(root)
	if err != nil {
		return err
	}
	if err := once(shared, func() error { return share(v, signer, shared) }); err != nil {
		return err
	}
	for _, node := range nodes {
		folder := filepath.Join(n.Folder, string(node.Name))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make the folder of %s: %w", node.Name, err)
		}
		if err := certify(v, signer, node, folder, time.Now()); err != nil {
			return fmt.Errorf("certify %s: %w", node.Name, err)
		}
		if err := entrust(node, folder, root, shared); err != nil {
			return fmt.Errorf("give %s its secrets: %w", node.Name, err)
		}
	}
	return nil
}

func parseNodes(texts []string) (nodes []authority.Node, err error) {
	for _, text := range texts {
		name, roles, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not NAME=ROLE", text)
		}
		node := authority.Node{}
		if node.Name, err = id.ParseNode(name); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		for _, role := range config.SplitRoles([]string{roles}) {
			if !slices.Contains(config.Roles(), role) {
				return nil, fmt.Errorf("%q: %q is no role; the roles are %s", text, role, strings.Join(config.Roles(), ", "))
			}
			node.Roles = append(node.Roles, authority.Role(role))
		}
		if name == authorityFolder || slices.ContainsFunc(nodes, func(other authority.Node) bool { return other.Name == node.Name }) {
			return nil, fmt.Errorf("%q: the name is taken", text)
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// once makes what is not there.
func once(path string, make func() error) error {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return make()
	}
	return err
}

// share makes the secrets. What is said here may end in the log of a container, so it is not the token.
func share(v *Verbs, signer *authority.Authority, path string) error {
	if err := secrets.Make(path, authority.NewToken(signer.Cluster()).Text()); err != nil {
		return err
	}
	v.say("secrets of the control roles, and keys.enrolment as \"enrolment\": %s", path)
	return nil
}

// certify gives a node a certificate, unless it has one of this cluster and these roles that is good for long enough.
func certify(v *Verbs, signer *authority.Authority, node authority.Node, folder string, now time.Time) error {
	path := filepath.Join(folder, nodeFile)
	if keeps(path, signer.Cluster(), node, now) {
		return nil
	}
	made, err := signer.Make(node, authority.HandMadeLifetime, now)
	if err != nil {
		return err
	}
	text, err := authority.Encode(made)
	if err != nil {
		return err
	}
	if err := replace(path, text); err != nil {
		return err
	}
	v.say("%s: keys.certificate and keys.private_key %s, good until %s", node.Name, path, made.Leaf.NotAfter.Format(time.DateOnly))
	return nil
}

// keeps reports whether a node can go on with the certificate that it has.
func keeps(path string, cluster authority.Cluster, node authority.Node, now time.Time) bool {
	held, err := authority.Read(path, path)
	if err != nil {
		return false
	}
	chain, err := x509.ParseCertificates(slices.Concat(held.Certificate...))
	if err != nil {
		return false
	}
	said, err := cluster.Check(chain, now.Add(renewBefore))
	return err == nil && said.Name == node.Name && slices.Equal(said.Roles, node.Roles)
}

// entrust copies the secrets of the cluster that a node's roles use: those that control roles share, and the authority to
// those who let edges in.
func entrust(node authority.Node, folder, root, shared string) error {
	var files []string
	if node.Is(authority.Room, authority.Signaling, authority.Account, authority.MobileAPI) {
		files = append(files, shared)
	}
	if node.Is(authority.Signaling) {
		certificate, key := filepath.Join(root, authorityFile), filepath.Join(root, authorityKeyFile)
		files = append(files, certificate, key)
	}
	for _, from := range files {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(folder, filepath.Base(from)), text); err != nil {
			return err
		}
	}
	return nil
}

// replace makes a text the whole of a file that nobody else reads, unless it is.
func replace(path string, text []byte) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
		return nil
	}
	return secrets.Replace(path, text)
}
