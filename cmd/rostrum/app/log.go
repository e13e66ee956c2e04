package app

import (
	"log/slog"

	"rostrum/internal/redisdb"
	"rostrum/internal/rpc"
)

// logLibraries has the libraries that log by themselves say it to the process's log. Each of them has one logger for the
// whole process and does not guard it: so this is for the verbs, once, before they start anything, and not for Start, of
// which a process may have several.
func logLibraries(log *slog.Logger) {
	redisdb.LogTo(log)
	rpc.LogTo(log)
}
