package edge

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/client/listener"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
)

// Whose grant was signed with a key that is taken away gets another and goes on; whose key stays is not disturbed.
func TestAKeyThatIsTakenAwayEndsWhatItSigned(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(5)
	stolen, verifier := token.NewSigner(), token.NewVerifier()
	verifier.SetKeys([]token.PublicKey{r.signer.Public(), stolen.Public()})
	d := r.edge(func(c *Config) { c.Verifier = verifier })
	theirs, ogg := r.grantBy(stolen, nil), r.grantBy(stolen, func(g *token.Grant) { g.Right = token.RightOgg })
	var renewed atomic.Int32
	moved := r.listen(func(c *listener.Config) {
		c.Grant = theirs
		c.Renew = func(context.Context) (listener.Grant, error) {
			renewed.Add(1)
			return listener.Grant{Token: r.grant(nil)}, nil
		}
	}, d)
	kept := r.listen(nil, d)
	stream := r.ogg(within(t), d, r.room, ogg)
	r.hear(moved, r.next-1)
	r.hear(kept, r.next-1)

	verifier.SetKeys([]token.PublicKey{r.signer.Public()})
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := d.closes(ReasonExpired); n != 2 {
			return fmt.Errorf("%d connections were ended", n)
		}
		return nil
	})
	r.speak(1) // comes over another connection
	r.hear(moved, r.next-1)
	r.hear(kept, r.next-1)
	if n, s := renewed.Load(), kept.Stats(); n != 1 || s.Connections != 1 {
		t.Errorf("renewed %d times; who was not meant has had %d connections", n, s.Connections)
	}
	if _, err := r.open(within(t), func(c *listener.Config) { c.Grant = theirs }, d); code(err) != "4401 unauthenticated" {
		t.Errorf("came back with %v", err)
	}
}
