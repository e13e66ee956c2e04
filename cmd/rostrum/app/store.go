package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/bbolt"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/dynamo"
)

// store is where rooms, people and the archive of stages lie; one of the two is open.
type store struct {
	bolt   *bbolt.DB
	dynamo *dynamo.DB
}

// startStore opens the store that is configured.
func (a *App) startStore(ctx context.Context) error {
	if a.cfg.Store == config.StoreBolt {
		return a.openBolt()
	}
	return a.openDynamo(ctx)
}

// openBolt opens the embedded store.
func (a *App) openBolt() error {
	path := filepath.Join(a.cfg.Folder, "rostrum.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("open %s (is another process using it?): %w", path, err)
	}
	a.store.bolt = db
	a.onClose("store", func(context.Context) error { return db.Close() })
	return nil
}

// openDynamo makes a client; the tables may not be reachable yet.
func (a *App) openDynamo(ctx context.Context) error {
	db, err := OpenDynamo(ctx, a.cfg.Dynamo, a.registry)
	if err != nil {
		return err
	}
	a.store.dynamo = db
	a.onClose("store", func(context.Context) error { return db.Close() })
	a.need("dynamo", func(ctx context.Context) error { return advised(db.CheckTables(ctx)) })
	return nil
}

// advised says in one line what is wrong with the tables, and what to do.
func advised(err error) error {
	if !errors.Is(err, dynamo.ErrTables) {
		return err
	}
	text := strings.NewReplacer(":\n", ": ", "\n", "; ").Replace(err.Error())
	return fmt.Errorf("%s (`rostrum setup tables` makes tables that are missing)", text)
}

// OpenDynamo makes a client of the DynamoDB that is configured.
func OpenDynamo(ctx context.Context, c config.Dynamo, registry prometheus.Registerer) (*dynamo.DB, error) {
	credentials := dynamo.CredentialsChain
	if c.AccessKey != "" {
		credentials = dynamo.CredentialsStatic
	}
	return dynamo.Open(ctx, dynamo.Config{
		Endpoint: c.Endpoint, Region: c.Region, Prefix: c.Prefix, Credentials: credentials, AccessKey: c.AccessKey, SecretKey: c.SecretKey,
		Metrics: registry,
	})
}
