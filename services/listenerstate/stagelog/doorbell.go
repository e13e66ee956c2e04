package stagelog

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

// ring is what the doorbell says: whose log went on. Where it stands now is read from the log itself.
func ring(key chain.Key, at chain.Position) string { return key.String() + " " + at.String() }

// Listen calls heard for every doorbell until ctx ends, and missed whenever some may have been missed: at the start and
// after every lost connection. Both must return at once. Rings are hints: they may be lost, doubled or late.
func (l *Log) Listen(ctx context.Context, heard func(chain.Key), missed func()) {
	subscription := l.client.Subscribe(ctx, Doorbell)
	defer subscription.Close()
	messages := subscription.ChannelWithSubscriptions(redis.WithChannelSize(256))
	for {
		select {
		case <-ctx.Done():
			return
		case message, open := <-messages:
			if !open {
				return
			}
			switch m := message.(type) {
			case *redis.Subscription:
				missed()
			case *redis.Message:
				name, _, _ := strings.Cut(m.Payload, " ")
				if key, err := chain.ParseKey(name); err == nil {
					heard(key)
				}
			}
		}
	}
}
