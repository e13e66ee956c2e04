package room

import (
	"fmt"
	"strings"
	"time"

	"rostrum/client/api"
)

const (
	leastWidth = 20
	// leastLog is how many lines the log has where there is more queue than screen.
	leastLog = 4
)

// ink is how words stand out; without it they do not.
type ink bool

func (i ink) code(code, text string) string {
	if !i || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (i ink) strong(text string) string { return i.code("1", text) }
func (i ink) faint(text string) string  { return i.code("2", text) }
func (i ink) alert(text string) string  { return i.code("33", text) }

// draw shows a view in at most height lines of at most width columns, as of now. The lines have no line feeds.
func draw(v *view, now time.Time, width, height int, ink ink) []string {
	width = max(width, leastWidth)
	lines := append(drawHead(v, width, ink), drawSeats(v, width, ink)...)
	invites := drawInvites(v, now, width, ink)
	if room := height - len(lines) - len(invites); v.isModerator() {
		lines = append(lines, drawQueue(v, now, width, max(0, room-leastLog), ink)...)
	}
	lines = append(lines, invites...)
	lines = append(lines, drawLog(v, now.Location(), width, height-len(lines), ink)...)
	return lines[:min(len(lines), max(height, 0))]
}

func drawHead(v *view, width int, ink ink) []string {
	s := v.stage
	state := s.State
	if state == "live" {
		state = "hands " + string(s.HandMode)
	}
	state = "  " + clean(state)
	title := pad(clean(s.Title), width)
	if left := width - columnsOf(state); left >= leastWidth/2 {
		title = pad(clean(s.Title), left)
	} else {
		state = ""
	}
	lines := []string{
		ink.strong(title) + state,
		ink.faint(fit(string(v.room)+"  "+youAre(s.You), width)),
	}
	if v.note != "" {
		lines = append(lines, ink.alert(fit(clean(v.note), width)))
	}
	return lines
}

func youAre(you api.You) string {
	text := "you are a " + clean(you.Role)
	switch you.Role {
	case "":
		return "you are not known here"
	case "host":
		text = "you are the host"
	}
	if you.Seat > 0 {
		text += fmt.Sprintf(", seat %d", you.Seat)
	}
	return text
}

func heading(text string, width int, ink ink) []string {
	return []string{"", ink.faint(fit(text, width))}
}

func drawSeats(v *view, width int, ink ink) []string {
	s := v.stage
	lines := heading(fmt.Sprintf("STAGE  %d of %s", len(s.Seats), count(s.MaxSeats, "seat", "seats")), width, ink)
	name := nameColumns(width)
	for _, seat := range s.Seats {
		state, isLoud := "", false
		switch {
		case (seat.Muted || seat.Held) && !s.IsEnforced(seat.Seat):
			state, isLoud = "muting…", true
		case seat.Held:
			state, isLoud = "held", true
		case seat.Muted:
			state = "muted"
		}
		if seat.Away {
			state = strings.TrimPrefix(state+", away", ", ")
		}
		start := fmt.Sprintf("%4d  %s  %s  ", seat.Seat, pad(mine(v, seat.User, seat.Name), name), pad(clean(seat.Role), 10))
		if isLoud {
			lines = append(lines, row(start, state, width, ink.alert))
		} else {
			lines = append(lines, row(start, state, width, ink.faint))
		}
	}
	return lines
}

// row is a line whose end stands out.
func row(start, end string, width int, paint func(string) string) string {
	end = fit(end, width-columnsOf(start))
	if end == "" {
		return strings.TrimRight(fit(start, width), " ")
	}
	return start + paint(end)
}

func drawQueue(v *view, now time.Time, width, most int, ink ink) []string {
	s := v.stage
	lines := heading("QUEUE  "+count(s.HandCount, "hand", "hands"), width, ink)
	name := nameColumns(width)
	shown := min(len(s.Hands), max(0, most-len(lines)))
	if shown < s.HandCount && shown > 0 && most-len(lines) <= shown {
		shown-- // a line for those who are not shown
	}
	for i, hand := range s.Hands[:shown] {
		note := clean(hand.Note)
		if note != "" {
			note = "“" + note + "”"
		}
		if hand.Absent {
			note = strings.TrimSpace("away  " + note)
		}
		start := fmt.Sprintf("%5s %s  %6s  ", fmt.Sprintf("#%d", i+1), pad(mine(v, hand.User, hand.Name), name), since(now.Sub(hand.RaisedAt)))
		lines = append(lines, row(start, note, width, plain))
	}
	if rest := s.HandCount - shown; rest > 0 {
		lines = append(lines, ink.faint(fit(fmt.Sprintf("      and %d more", rest), width)))
	}
	return lines
}

// drawInvites shows who is invited; to those who are no moderators, their own place and invite.
func drawInvites(v *view, now time.Time, width int, ink ink) []string {
	s := v.stage
	var lines []string
	if !v.isModerator() {
		place := count(s.HandCount, "hand", "hands")
		if s.You.Place > 0 {
			place += ", you are " + ordinal(s.You.Place)
		}
		lines = heading("QUEUE  "+place, width, ink)
	}
	if i := s.You.Invite; i != nil {
		text := fmt.Sprintf("You are invited by %s, for %s more:", v.name(i.By), since(i.ExpiresAt.Sub(now)))
		lines = append(lines, "", ink.strong(fit(text, width)), fit("  rostrum room accept "+string(v.room), width))
	}
	if len(s.Invites) == 0 {
		return lines
	}
	lines = append(lines, heading(fmt.Sprintf("INVITED  %d", len(s.Invites)), width, ink)...)
	name := nameColumns(width)
	for _, i := range s.Invites {
		line := fmt.Sprintf("      %s  %6s  by %s", pad(mine(v, i.User, i.Name), name), since(i.ExpiresAt.Sub(now)), v.name(i.By))
		lines = append(lines, fit(line, width))
	}
	return lines
}

// drawLog shows the newest events last.
func drawLog(v *view, zone *time.Location, width, most int, ink ink) []string {
	if len(v.log) == 0 || most < 3 {
		return nil
	}
	lines := heading("LAST", width, ink)
	for _, e := range v.log[max(0, len(v.log)-most+len(lines)):] {
		lines = append(lines, ink.faint("  "+e.at.In(zone).Format(time.TimeOnly))+"  "+fit(e.text, width-12))
	}
	return lines
}

// nameColumns is how much room a name has.
func nameColumns(width int) int { return min(24, max(8, width/4)) }

// mine answers a name, and says whether it is one's own.
func mine(v *view, user, name string) string {
	if user == v.stage.You.User && user != "" {
		return clean(name) + " (you)"
	}
	return clean(name)
}

func plain(text string) string { return text }

// since answers minutes and seconds, or hours, minutes and seconds.
func since(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	hours, minutes, seconds := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if hours > 0 {
		return fmt.Sprintf("%d:%02d:%02d", hours, minutes, seconds)
	}
	return fmt.Sprintf("%d:%02d", minutes, seconds)
}
