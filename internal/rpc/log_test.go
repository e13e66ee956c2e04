package rpc

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"google.golang.org/grpc/grpclog"

	"rostrum/internal/obs"
)

func TestWhatGRPCSaysIsInTheProcessLog(t *testing.T) {
	for name, c := range map[string]struct {
		say   func(grpclog.LoggerV2)
		level string // "": not at the level of warnings
		text  string
	}{
		"an error":              {func(l grpclog.LoggerV2) { l.Errorf("checking of %s failed", "a server") }, "WARN", "checking of a server failed"},
		"an error, by line":     {func(l grpclog.LoggerV2) { l.Errorln("lost", 3) }, "WARN", "lost 3"},
		"an error, with a line": {func(l grpclog.LoggerV2) { l.Error("two\nlines\n") }, "WARN", "two\nlines"},
		"a try to connect":      {func(l grpclog.LoggerV2) { l.Warningf("failed to connect to %s", "a server") }, "", "failed to connect to a server"},
		"a state":               {func(l grpclog.LoggerV2) { l.Infoln("idle") }, "", "idle"},
	} {
		t.Run(name, func(t *testing.T) {
			var warnings, all bytes.Buffer
			c.say(said{obs.NewLog(&warnings, slog.LevelWarn, true)})
			c.say(said{obs.NewLog(&all, slog.LevelDebug, true)})
			if c.level == "" && warnings.Len() > 0 {
				t.Errorf("said without being asked for: %s", &warnings)
			}
			var line struct{ Level, Msg, Said string }
			if err := json.Unmarshal(all.Bytes(), &line); err != nil {
				t.Fatalf("%q: %v", &all, err)
			}
			if line.Msg != "grpc" || line.Said != c.text || c.level != "" && line.Level != c.level {
				t.Errorf("got %+v", line)
			}
		})
	}
}
