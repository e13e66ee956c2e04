package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// largestFile bounds what is read of a configuration and of the files that it names, in bytes.
const largestFile = 1 << 20

// open reads a configuration file; a path of "" is an empty one.
func open(path string) *document {
	if path == "" {
		return parse("", nil)
	}
	text, err := readBounded(path)
	if err != nil {
		d := parse(path, nil)
		d.broken = true
		d.wrong("", 0, err.Error())
		return d
	}
	return parse(path, text)
}

// readBounded reads a file, which may be a pipe. Its errors do not repeat the path.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largestFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(text) > largestFile {
		return nil, fmt.Errorf("is larger than %d bytes", largestFile)
	}
	return text, nil
}

// reason is a path error without operation and path.
func reason(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return fmt.Errorf("cannot be read: %w", at.Err)
	}
	return err
}
