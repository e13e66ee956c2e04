package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/authority"
	"rostrum/internal/id"
)

// The files of an authority's folder.
const (
	authorityFile    = "authority.pem"
	authorityKeyFile = "authority.key"
)

// Authority makes an authority, and with it a cluster.
type Authority struct {
	Folder string `arg:"" help:"Where authority.pem and authority.key go. An authority that is there is left alone."`
}

// Run makes the folder and the two files.
func (a *Authority) Run(v *Verbs) error {
	if err := os.MkdirAll(a.Folder, 0o700); err != nil {
		return fmt.Errorf("make the authority's folder: %w", err)
	}
	made, err := authority.New(time.Now())
	if err != nil {
		return err
	}
	certificate, key := files(a.Folder)
	if err := made.Keep(certificate, key); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is an authority in %s already, and every certificate is of it: remove it first if you mean it", a.Folder)
	} else if err != nil {
		return err
	}
	v.say("the authority of cluster %s: keys.authority %s, keys.authority_key %s", made.Cluster(), certificate, key)
	return nil
}

// Certificate makes a node's certificate.
type Certificate struct {
	Roles  []string `arg:"" name:"role" help:"The node's roles, separated by commas."`
	Node   string   `required:"" placeholder:"NAME" help:"The node's name."`
	Folder string   `name:"authority" required:"" placeholder:"DIR" help:"The authority's folder."`
	To     string   `placeholder:"DIR" default:"." help:"Where NAME.pem and NAME.key go."`
}

// Run makes the two files.
func (c *Certificate) Run(v *Verbs) error {
	name, err := id.ParseNode(c.Node)
	if err != nil {
		return fmt.Errorf("--node: %w", err)
	}
	node := authority.Node{Name: name}
	for _, role := range config.SplitRoles(c.Roles) {
		node.Roles = append(node.Roles, authority.Role(role))
	}
	signer, err := load(c.Folder)
	if err != nil {
		return err
	}
	made, err := signer.Make(node, authority.HandMadeLifetime, time.Now())
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	certificate, key := filepath.Join(c.To, c.Node+".pem"), filepath.Join(c.To, c.Node+".key")
	if err := authority.Write(made, certificate, key); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	v.say("%s: keys.certificate %s, keys.private_key %s, good until %s", c.Node, certificate, key, made.Leaf.NotAfter.Format(time.DateOnly))
	return nil
}

func load(folder string) (*authority.Authority, error) {
	made, err := authority.Load(files(folder))
	if err != nil {
		return nil, fmt.Errorf("read the authority in %s (`rostrum setup authority` makes one): %w", folder, err)
	}
	return made, nil
}

func files(folder string) (certificate, key string) {
	return filepath.Join(folder, authorityFile), filepath.Join(folder, authorityKeyFile)
}
