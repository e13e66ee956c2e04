package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rostrum/internal/id"
)

// form is what the value of a setting looks like.
type form[T comparable] struct {
	wants string                      // in words, with an example
	read  func(text string) (T, bool) // what a text says
	lacks func(T) string              // what a value that could be read still wants; "": nothing
}

// texts is a form of which every text is one, but for what lacks says.
func texts[T ~string](lacks func(T) string) form[T] {
	return form[T]{read: func(text string) (T, bool) { return T(text), true }, lacks: lacks}
}

// choice is one of a few words.
func choice(words ...string) form[string] {
	wants := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	return texts(func(text string) string { return unless(slices.Contains(words, text), wants) })
}

// words is free text on one line.
func words() form[string] {
	return texts(func(text string) string {
		fits := len(text) <= 4096 && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
		return unless(fits, "one line of at most 4096 bytes")
	})
}

// label is the name of a region or a node.
func label[T ~string]() form[T] {
	return texts(func(text T) string {
		_, err := id.ParseNode(string(text))
		return unless(err == nil, "1 to 32 of a-z, 0-9 and -")
	})
}

// tablePrefix is what DynamoDB allows in a table's name, and short.
func tablePrefix() form[string] {
	return texts(func(text string) string {
		odd := strings.ContainsFunc(text, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-", r)
		})
		return unless(len(text) <= 64 && !odd, "at most 64 of a-z, A-Z, 0-9, _, . and -")
	})
}

// listenAddress is where a process listens.
func listenAddress() form[string] {
	return texts(func(text string) string { return lacksAddress(text, `host:port, like ":8080"`, 0, true) })
}

// peerAddress is where another process is reached.
func peerAddress() form[string] {
	return texts(func(text string) string { return lacksAddress(text, `host:port, like "10.0.0.7:7010"`, 1, false) })
}

func lacksAddress(text, wants string, least int, anyHost bool) string {
	host, port, err := net.SplitHostPort(text)
	if err != nil || len(host) > 255 || host == "" && !anyHost || strings.ContainsFunc(host, oddInHost) {
		return wants
	}
	number, err := strconv.Atoi(port)
	return unless(err == nil && number >= least && number <= 65535, wants+", with a port from "+strconv.Itoa(least)+" to 65535")
}

func oddInHost(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("/?#@\"\\,[]", r)
}

// webHost is a URL of which others build theirs: scheme and host alone.
func webHost() form[string] {
	const wants = `scheme and host, like "https://edge-1.example.org"`
	return texts(func(text string) string {
		u, err := url.Parse(text)
		return unless(err == nil && isWeb(u) && u.Path == "" && !strings.HasSuffix(text, "?"), wants)
	})
}

// webPage is a URL that may have a path.
func webPage() form[string] {
	return texts(func(text string) string {
		u, err := url.Parse(text)
		return unless(err == nil && isWeb(u), `a URL without user and query, like "http://pyroscope:4040"`)
	})
}

// isWeb refuses what would say more than where: people and passwords in URLs end in logs.
func isWeb(u *url.URL) bool {
	if u.Port() != "" && lacksAddress("host:"+u.Port(), "a port", 1, false) != "" {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// number is a count from 0 to most.
func number(wants string, most int) form[int] {
	return form[int]{
		wants: wants,
		read:  func(text string) (int, bool) { n, err := strconv.Atoi(text); return n, err == nil },
		lacks: func(n int) string { return unless(n >= 0 && n <= most, wants) },
	}
}

// share is a part of the whole.
func share() form[float64] {
	const wants = "a number from 0 to 1"
	return form[float64]{
		wants: wants,
		read:  func(text string) (float64, bool) { f, err := strconv.ParseFloat(text, 64); return f, err == nil },
		lacks: func(f float64) string { return unless(f >= 0 && f <= 1, wants) }, // false of NaN
	}
}

// answer is true or false.
func answer() form[bool] {
	return form[bool]{
		wants: "true or false",
		read:  func(text string) (bool, bool) { return text == "true", text == "true" || text == "false" },
		lacks: func(bool) string { return "" },
	}
}

// level is the least level of what is logged.
func level() form[slog.Level] {
	const wants = "debug, info, warn or error"
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	return form[slog.Level]{
		wants: wants,
		read:  func(text string) (slog.Level, bool) { l, known := levels[text]; return l, known },
		lacks: func(l slog.Level) string { return unless(l == levels[strings.ToLower(l.String())], wants) },
	}
}

// internetAddress is an IP address.
func internetAddress() form[netip.Addr] {
	const wants = `an IP address, like "203.0.113.7"`
	return form[netip.Addr]{
		wants: wants,
		read:  func(text string) (netip.Addr, bool) { a, err := netip.ParseAddr(text); return a, err == nil },
		lacks: func(a netip.Addr) string { return unless(a.IsValid() && !a.IsUnspecified() && a.Zone() == "", wants) },
	}
}

func unless(fits bool, wants string) string {
	if fits {
		return ""
	}
	return wants
}

// count is how many of something.
func count() form[int] { return number("a number from 0 to 10000000", 10_000_000) }
