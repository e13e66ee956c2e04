package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"rostrum/internal/secrets"
)

// startKeys opens the secrets that control roles share. A process on embedded stores makes its own the first time, so that
// tokens outlive a restart.
func (a *App) startKeys(context.Context) (err error) {
	path := a.cfg.Keys.File
	if a.cfg.Embedded {
		path = filepath.Join(a.cfg.Folder, "keys.json")
		if err := secrets.Make(path, ""); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if a.keys, err = secrets.Open(path, a.log); err != nil {
		return err
	}
	a.onClose("keys", func(context.Context) error { a.keys.Close(); return nil })
	return nil
}
