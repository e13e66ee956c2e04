package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// fileKind is what a path is expected to lead to.
type fileKind int

const (
	noFile fileKind = iota
	publicFile
	secretFile // not for everybody's eyes
	folder
)

// readFiles checks the files that the running roles use; where no role is named, all that are given.
func (r *ruling) readFiles() {
	readable := map[string][]byte{}
	for _, k := range keys {
		if k.file == noFile || k.value.empty(r.config) || len(r.running) > 0 && !k.uses(r.running) || r.spared(k.name) {
			continue
		}
		text, err := k.file.read(k.value.texts(r.config)[0])
		if err != nil {
			r.wrong(k.name, err.Error())
			continue
		}
		readable[k.name] = text
	}
	for _, pair := range [][2]string{
		{"tls.certificate", "tls.private_key"}, {"keys.certificate", "keys.private_key"}, {"keys.authority", "keys.authority_key"},
	} {
		certificate, private := readable[pair[0]], readable[pair[1]]
		if certificate == nil || private == nil {
			continue
		}
		if _, err := tls.X509KeyPair(certificate, private); err != nil {
			r.wrong(pair[0], "does not go with "+pair[1]+": "+err.Error())
		}
	}
}

func (kind fileKind) read(path string) ([]byte, error) {
	found, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %w", path, reason(err))
	case kind == folder && !found.IsDir():
		return nil, fmt.Errorf("%s is no folder", path)
	case kind == folder:
		return nil, nil
	case !found.Mode().IsRegular(): // reading a device or a pipe might never end
		return nil, fmt.Errorf("%s is no file", path)
	case kind == secretFile && found.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows":
		return nil, fmt.Errorf("%s is open to everybody (mode %04o): chmod o= %s", path, found.Mode().Perm(), path)
	}
	text, err := readBounded(path)
	if err == nil && len(text) == 0 {
		err = errors.New("is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return text, nil
}
