package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/grpc/grpclog"
)

// LogTo has gRPC, which has a log of its own on standard error, say what it says to this one. It holds for the whole process
// and for its gRPC from then on: call it once, before the first server and the first connection.
//
// What gRPC takes for an error is a warning here, since a server that went away is one, and whoever called it hears of that
// too. What gRPC itself leaves out unless it is asked, each try to connect among it, is there for debugging.
func LogTo(log *slog.Logger) { grpclog.SetLoggerV2(said{log}) }

// said is a grpclog.LoggerV2.
type said struct{ log *slog.Logger }

func (s said) Info(args ...any)                    { s.print(slog.LevelDebug, args) }
func (s said) Infoln(args ...any)                  { s.println(slog.LevelDebug, args) }
func (s said) Infof(format string, args ...any)    { s.printf(slog.LevelDebug, format, args) }
func (s said) Warning(args ...any)                 { s.print(slog.LevelDebug, args) }
func (s said) Warningln(args ...any)               { s.println(slog.LevelDebug, args) }
func (s said) Warningf(format string, args ...any) { s.printf(slog.LevelDebug, format, args) }
func (s said) Error(args ...any)                   { s.print(slog.LevelWarn, args) }
func (s said) Errorln(args ...any)                 { s.println(slog.LevelWarn, args) }
func (s said) Errorf(format string, args ...any)   { s.printf(slog.LevelWarn, format, args) }

// After these gRPC ends the process.
func (s said) Fatal(args ...any)                 { s.print(slog.LevelError, args) }
func (s said) Fatalln(args ...any)               { s.println(slog.LevelError, args) }
func (s said) Fatalf(format string, args ...any) { s.printf(slog.LevelError, format, args) }

// V leaves out what gRPC says only where more than usual is wanted.
func (s said) V(verbosity int) bool { return verbosity <= 0 }

func (s said) print(level slog.Level, args []any) {
	s.say(level, func() string { return fmt.Sprint(args...) })
}

func (s said) println(level slog.Level, args []any) {
	s.say(level, func() string { return fmt.Sprintln(args...) })
}

func (s said) printf(level slog.Level, format string, args []any) {
	s.say(level, func() string { return fmt.Sprintf(format, args...) })
}

func (s said) say(level slog.Level, text func() string) {
	if s.log.Enabled(context.Background(), level) {
		s.log.Log(context.Background(), level, "grpc", "said", strings.TrimSpace(text()))
	}
}
