package sfu

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs gives pion's words to slog. All are told at debug level: most complain of what clients sent, which is
// counted and answered elsewhere.
type pionLogs struct{ log *slog.Logger }

var _ logging.LoggerFactory = pionLogs{}

// NewLogger makes the logger of one part of pion.
func (l pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{l.log, scope}
}

type pionLog struct {
	log   *slog.Logger
	scope string
}

func (l pionLog) say(level, text string) {
	l.log.Debug(text, "pion", l.scope, "said", level)
}

func (l pionLog) sayf(level, format string, args []any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.say(level, fmt.Sprintf(format, args...))
	}
}

func (l pionLog) Trace(string)                      {}
func (l pionLog) Tracef(string, ...any)             {}
func (l pionLog) Debug(string)                      {}
func (l pionLog) Debugf(string, ...any)             {}
func (l pionLog) Info(string)                       {}
func (l pionLog) Infof(string, ...any)              {}
func (l pionLog) Warn(text string)                  { l.say("warn", text) }
func (l pionLog) Warnf(format string, args ...any)  { l.sayf("warn", format, args) }
func (l pionLog) Error(text string)                 { l.say("error", text) }
func (l pionLog) Errorf(format string, args ...any) { l.sayf("error", format, args) }
