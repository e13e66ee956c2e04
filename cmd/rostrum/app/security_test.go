package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/authority"
	"rostrum/internal/rpc"
)

// A certificate that is written over the one before is shown without a restart.
func TestAReplacedCertificateIsShown(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		signer, err := authority.New(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		write := func() {
			made, err := signer.Make(authority.Node{Name: "sfu-1", Roles: []authority.Role{authority.SFU}}, time.Hour, time.Now())
			if err == nil {
				err = authority.Write(made, filepath.Join(folder, "new.pem"), filepath.Join(folder, "new.key"))
			}
			if err == nil { // the file system's clock stands still here
				err = os.Chtimes(filepath.Join(folder, "new.pem"), time.Now(), time.Now())
			}
			for _, kind := range []string{"key", "pem"} {
				if err == nil {
					err = os.Rename(filepath.Join(folder, "new."+kind), filepath.Join(folder, "sfu-1."+kind))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		write()
		var log bytes.Buffer
		a := newApp(Config{Config: config.Config{Keys: config.Keys{
			Certificate: filepath.Join(folder, "sfu-1.pem"), PrivateKey: filepath.Join(folder, "sfu-1.key"),
		}}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		a.network.tcp = rpc.NewTCP(rpc.Options{})
		own, err := a.identify()
		if err != nil {
			t.Fatal(err)
		}
		a.followCertificate(own)
		<-time.After(3 * certificateEvery)
		synctest.Wait()
		if log.Len() > 0 {
			t.Errorf("nothing was replaced, and the log says\n%s", &log)
		}
		write()
		<-time.After(2 * certificateEvery)
		synctest.Wait()
		if n := strings.Count(log.String(), "the certificate was replaced"); n != 1 {
			t.Errorf("it is said %d times:\n%s", n, &log)
		}
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
