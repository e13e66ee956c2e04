package load

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU time in /proc: USER_HZ is 100 on every Linux that Go runs on (proc(5), time(7)).
const clockTick = 10 * time.Millisecond

// usage is what processes of one name have used.
type usage struct {
	cpu  time.Duration // of all that were seen, also of those that are gone
	rss  uint64        // bytes, now, together
	peak uint64        // the most bytes of a single one
}

// costs follows what processes use, from /proc. Where there is none, nothing is known. One goroutine owns it.
type costs struct {
	root string // "/proc"
	own  map[string][]int
	file string // of the servers' processes; "": none
	seen map[string]map[int]time.Duration
	now  map[string]usage
	base map[string]map[int]time.Duration // what servers had used before
	late bool                             // a first look was taken
}

func newCosts(servers map[string][]int, file string) *costs {
	c := &costs{
		root: "/proc", own: map[string][]int{}, file: file,
		seen: map[string]map[int]time.Duration{}, now: map[string]usage{}, base: map[string]map[int]time.Duration{},
	}
	for name, pids := range servers {
		c.own[name] = pids
	}
	return c
}

// follow adds a process of this run.
func (c *costs) follow(name string, pid int) { c.own[name] = append(c.own[name], pid) }

// look takes a new reading of everything.
func (c *costs) look() {
	for name, pids := range c.all() {
		u := c.now[name]
		u.rss = 0
		for _, pid := range pids {
			cpu, rss, peak, err := c.read(pid)
			if err != nil {
				continue // it is gone
			}
			c.note(name, pid, cpu)
			u.rss += rss
			u.peak = max(u.peak, peak)
		}
		u.cpu = 0
		for pid, used := range c.seen[name] {
			u.cpu += used - c.base[name][pid]
		}
		c.now[name] = u
	}
	c.late = true
}

// note keeps the newest reading of a process, and the first one of a server that ran before.
func (c *costs) note(name string, pid int, cpu time.Duration) {
	if c.seen[name] == nil {
		c.seen[name], c.base[name] = map[int]time.Duration{}, map[int]time.Duration{}
	}
	if _, known := c.seen[name][pid]; !known && !c.late {
		c.base[name][pid] = cpu
	}
	c.seen[name][pid] = cpu
}

// all are the processes to look at now: the file is read anew, since servers are started again.
func (c *costs) all() map[string][]int {
	if c.file == "" {
		return c.own
	}
	text, err := os.ReadFile(c.file)
	if err != nil {
		return c.own
	}
	more, err := readPIDs(string(text))
	if err != nil {
		return c.own // it is being written
	}
	for name, pids := range c.own {
		more[name] = append(more[name], pids...)
	}
	return more
}

// read answers the CPU time, the resident bytes and the most of them of a process (proc(5)).
func (c *costs) read(pid int) (cpu time.Duration, rss, peak uint64, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("%s/%d/stat", c.root, pid))
	if err != nil {
		return 0, 0, 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the name before may hold anything
	if len(fields) < 13 {
		return 0, 0, 0, fmt.Errorf("read the times of process %d", pid)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, 0, fmt.Errorf("read the times of process %d", pid)
	}
	status, err := os.ReadFile(fmt.Sprintf("%s/%d/status", c.root, pid))
	if err != nil {
		return 0, 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[2] == "kB" {
			kilobytes, _ := strconv.ParseUint(fields[1], 10, 50)
			switch fields[0] {
			case "VmRSS:":
				rss = kilobytes << 10
			case "VmHWM:":
				peak = kilobytes << 10
			}
		}
	}
	return time.Duration(user+system) * clockTick, rss, peak, nil
}
