package obs

import (
	"cmp"
	"runtime/debug"
)

// linkedRevision is the revision where the linker was told it (-X): of an image, which is built without version control.
var linkedRevision string

// build says what was compiled.
type build struct {
	version  string // of the module; "devel" where it was built from a checkout
	revision string // of version control; "unknown" where it was built without
	modified bool   // the checkout had changes that no revision has
	language string // the version of Go
}

func readBuild() build {
	b := build{version: "devel", revision: cmp.Or(linkedRevision, "unknown")}
	read, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.language = read.GoVersion
	if v := read.Main.Version; v != "" && v != "(devel)" {
		b.version = v
	}
	for _, s := range read.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	return b
}
