package secrets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Replace puts a text in the place of a file, whole, for the same readers; a file that is not there is made for its owner alone.
func Replace(path string, text []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	written, err := beside(path, text)
	if err != nil {
		return err
	}
	defer os.Remove(written)
	if err := likewise(written, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(written, path)
}

// beside writes a text into a new file in the folder of a path, which only its owner can read, and answers where.
func beside(path string, text []byte) (written string, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(file.Name())
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return file.Name(), nil
}

// likewise gives a file the owner and the mode of another, where that is there.
func likewise(path, other string) error {
	was, err := os.Stat(other)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner, known := was.Sys().(*syscall.Stat_t); known {
		if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(path, was.Mode().Perm())
}
