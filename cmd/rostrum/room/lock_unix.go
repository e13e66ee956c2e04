//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package room

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const lockAgain = 50 * time.Millisecond

// lock waits until no other process has the file locked. The kernel unlocks it for a process that dies.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the identity: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock the identity: %w", err), file.Close())
		}
		select {
		case <-time.After(lockAgain):
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another program holds %s: %w", path, ctx.Err()), file.Close())
		}
	}
}
