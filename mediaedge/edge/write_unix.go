//go:build unix

package edge

import "syscall"

// rawWriter writes to a descriptor once, without waiting and without allocating. The zero value is ready.
type rawWriter struct {
	buffer []byte
	n      int
	err    error
	once   func(fd uintptr) bool
}

// write answers how many bytes the kernel took: 0 and no error where it takes none now.
func (w *rawWriter) write(raw syscall.RawConn, b []byte) (int, error) {
	if w.once == nil {
		w.once = w.tryOnce
	}
	w.buffer, w.n, w.err = b, 0, nil
	err := raw.Write(w.once)
	w.buffer = nil
	if err != nil {
		return 0, err
	}
	return w.n, w.err
}

func (w *rawWriter) tryOnce(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.buffer)
		if err == syscall.EINTR {
			continue
		}
		if err != nil && err != syscall.EAGAIN {
			w.err = err
		}
		w.n = max(n, 0)
		return true
	}
}

// readFD reads once; again says that there is nothing yet.
func readFD(fd uintptr, b []byte) (n int, again bool, err error) {
	for {
		n, err := syscall.Read(int(fd), b)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return 0, true, nil
		}
		return max(n, 0), false, err
	}
}
