package chain

import "context"

// Write is an append on its way to disk. Whoever stores it finishes it exactly once; any number may wait.
type Write struct {
	done chan struct{}
	err  error // written before done closes
}

// NewWrite makes a write that is not finished.
func NewWrite() *Write { return &Write{done: make(chan struct{})} }

// Finish says that the append is on disk, or why it never will be.
func (w *Write) Finish(err error) {
	w.err = err
	close(w.done)
}

// Wait answers what Finish was given, or the end of ctx. The append may still succeed after the latter.
func (w *Write) Wait(ctx context.Context) error {
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Done closes when the append is on disk or never will be; Err says which.
func (w *Write) Done() <-chan struct{} { return w.done }

// Err answers what Finish was given. Call it once Done is closed.
func (w *Write) Err() error { return w.err }
