package load

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"rostrum/internal/id"
)

const (
	// maxSockets is how many listeners a process has at most by default, far below the descriptors that it may open.
	maxSockets = 8000
	// maxListeners bounds a run, also against a slip of the finger.
	maxListeners = 1_000_000
	// maxProcesses bounds the processes that listen.
	maxProcesses = 256
	// maxSpeakers is what a stage holds.
	maxSpeakers = 100
	// someIdentities is how many guests listeners are where nobody says.
	someIdentities = 50
)

// plan is what a run does, checked.
type plan struct {
	url        string
	insecure   bool
	room       string // "": rooms of its own
	rooms      int
	keep       bool
	speakers   int
	listeners  int
	duration   time.Duration
	joins      float64
	processes  int
	identities int
	sources    []string
	rendition  string
	cadence    int
	silence    time.Duration
	sample     int
	ledgers    []string
	pids       map[string][]int
	pidFile    string
}

// plan checks what was asked for, and says everything that is wrong with it.
func (l *Load) plan() (plan, error) {
	p := plan{
		url: strings.TrimRight(l.URL, "/"), insecure: l.Insecure, room: l.Room, rooms: l.Rooms, keep: l.Keep, speakers: l.Speakers,
		listeners: l.Listeners, duration: l.Duration, joins: l.Joins, processes: l.Processes, identities: l.Identities,
		rendition: l.Rendition, cadence: l.Cadence, silence: l.Silence, sample: min(l.Sample, l.Listeners), pidFile: l.PIDs,
	}
	if p.processes == 0 {
		p.processes = (p.listeners + maxSockets - 1) / maxSockets
	}
	if p.identities < 0 {
		p.identities = max(p.rooms, min(p.listeners, someIdentities))
	}
	at, err := readURL(p.url)
	wrong := append(p.check(), err)
	p.sources, err = readSources(l.Sources, at)
	wrong = append(wrong, err)
	for _, door := range l.Ledger {
		_, err := readURL(door)
		wrong = append(wrong, err)
		p.ledgers = append(p.ledgers, strings.TrimRight(door, "/"))
	}
	p.pids, err = readPIDs(strings.Join(l.PID, "\n"))
	wrong = append(wrong, err)
	if p.pidFile != "" {
		_, err := os.Stat(p.pidFile)
		wrong = append(wrong, err)
	}
	return p, errors.Join(wrong...)
}

// check answers every number that is out of bounds.
func (p *plan) check() (wrong []error) {
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	if p.room != "" {
		_, err := id.ParseRoom(p.room)
		refuse(err != nil, "--room is no room: %w", err)
		refuse(p.rooms != 1, "--rooms is for rooms of its own")
	}
	refuse(p.rooms < 1 || p.rooms > 1000, "--rooms must be 1 to 1000")
	refuse(p.speakers < 0 || p.speakers > maxSpeakers, "--speakers must be 0 to %d", maxSpeakers)
	refuse(p.listeners < max(1, p.rooms) || p.listeners > maxListeners, "--listeners must be one a room to %d", maxListeners)
	refuse(p.duration < time.Second || p.duration > 24*time.Hour, "--duration must be 1s to 24h")
	refuse(p.joins <= 0 || p.joins > 100_000, "--joins must be above 0, at most 100000")
	refuse(p.cadence < 200 || p.cadence > 10_000, "--cadence must be 200 to 10000 ms")
	refuse(p.silence < time.Second || p.silence > time.Minute, "--silence must be 1s to 1m")
	refuse(p.sample < 0, "--sample must not be below 0")
	refuse(p.processes < 0 || p.processes > maxProcesses, "--processes must be 0 to %d", maxProcesses)
	refuse(p.identities != 0 && (p.identities < p.rooms || p.identities > 10_000), "--identities must be 0, or one a room to 10000")
	return wrong
}

func readURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &url.URL{}, fmt.Errorf("%q is not an http or https URL", text)
	}
	return u, nil
}

// readPIDs reads "name=pid" or "name pid", one a line. Several processes may share a name: their figures are added up.
func readPIDs(text string) (map[string][]int, error) {
	out := map[string][]int{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == '=' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q is not name=pid", strings.TrimSpace(line))
		}
		pid, err := strconv.Atoi(fields[1])
		if err != nil || pid <= 0 {
			return nil, fmt.Errorf("%q is not name=pid", strings.TrimSpace(line))
		}
		out[fields[0]] = append(out[fields[0]], pid)
	}
	return out, nil
}
