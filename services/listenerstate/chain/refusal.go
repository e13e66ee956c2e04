package chain

import "errors"

// Why an archive does not take an append, whatever it is made of.
var (
	// ErrDiverged says that records do not continue the archived log, or are of a term below a claimed one.
	ErrDiverged = errors.New("the records do not continue the archived log")
	// ErrFull says that as much as may wait for the store waits already. The same append can be tried again.
	ErrFull = errors.New("too much waits for the archive")
	// ErrClosed says that the archive takes no more.
	ErrClosed = errors.New("the archive is closed")
)
