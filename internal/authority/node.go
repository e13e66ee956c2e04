package authority

import (
	"crypto/x509"
	"slices"
	"strings"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// domain is what the names in certificates end with. It is never looked up.
const domain = "rostrum"

// Role is what a node is in the cluster.
type Role string

// The roles.
const (
	Room          Role = "room"
	ListenerState Role = "listenerstate"
	Signaling     Role = "signaling"
	Account       Role = "account"
	SFU           Role = "sfu"
	Edge          Role = "edge"
	MobileAPI     Role = "mobile-api"
)

// Roles are all roles.
func Roles() []Role { return []Role{Room, ListenerState, Signaling, Account, SFU, Edge, MobileAPI} }

// Node is what a certificate says of its bearer. It stands there as one DNS name a role: "<node>.<role>.rostrum".
type Node struct {
	Name  id.Node
	Roles []Role
}

// Is answers whether the node has one of the roles.
func (n Node) Is(roles ...Role) bool {
	return slices.ContainsFunc(n.Roles, func(own Role) bool { return slices.Contains(roles, own) })
}

func (n Node) check() error {
	if _, err := id.ParseNode(string(n.Name)); err != nil {
		return err
	}
	if len(n.Roles) == 0 {
		return fault.Invalid("roles", "one at least")
	}
	for i, role := range n.Roles {
		if !slices.Contains(Roles(), role) || slices.Contains(n.Roles[:i], role) {
			return fault.Invalid("roles", "of those that there are, each once")
		}
	}
	return nil
}

func (n Node) names() []string {
	names := make([]string, len(n.Roles))
	for i, role := range n.Roles {
		names[i] = string(n.Name) + "." + string(role) + "." + domain
	}
	return names
}

// readNode reads the names of a certificate that has been verified. Roles of a newer version are left out.
func readNode(leaf *x509.Certificate) (Node, error) {
	n := Node{Name: id.Node(leaf.Subject.CommonName)}
	for _, name := range leaf.DNSNames {
		role, ours := strings.CutPrefix(name, string(n.Name)+".")
		role, ends := strings.CutSuffix(role, "."+domain)
		if !ours || !ends {
			return Node{}, fault.New(fault.CodeUnauthenticated, "the certificate has names of more than one node")
		}
		if slices.Contains(Roles(), Role(role)) {
			n.Roles = append(n.Roles, Role(role))
		}
	}
	if err := n.check(); err != nil {
		return Node{}, fault.New(fault.CodeUnauthenticated, "the certificate is none of a node").Because(err)
	}
	return n, nil
}
