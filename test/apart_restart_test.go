package test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// TestARoomIsFoundAgain ends every process of a system at once, its stores too, and starts all of them again. The room is
// live as it was, and its audience hears on.
func TestARoomIsFoundAgain(t *testing.T) {
	a := startApart(t)
	h := a.lively(t)
	before, err := h.host.Stage(bounded(t), h.room)
	must(t, err)
	for _, ear := range h.ears {
		ear.more(t, 10)
	}
	var names []string
	for _, p := range a.Processes {
		names = append(names, p.Name)
	}
	a.kill(names...)
	killed := time.Now()
	heard := h.newest()
	must(t, a.startAll())
	ready := time.Now()

	after, err := h.host.Stage(bounded(t), h.room)
	must(t, err)
	commands := h.commandsWork(t)
	checkSameStage(t, before, after)
	h.host.voice = a.seat(t, h.host.Client, h.room)
	if seat, _ := before.SeatOf(h.host.user); h.host.voice.number != uint8(seat.Seat) {
		t.Errorf("the host had seat %d and has %d", seat.Seat, h.host.voice.number)
	}
	for _, ear := range h.ears {
		ear.until(t, time.Now())
	}
	if !isHeard(t, h.host.voice, readClip(t, "speech1").first(5*time.Second).spoken(), h.ears...) {
		t.Error("the host is not heard again")
	}
	for i, ear := range h.ears {
		ear.checkRisen(t, heard)
		if stats := ear.listener.Stats(); ear.moves() != 1 || stats.Lost+stats.Corrupt+stats.Repeats+stats.Holes > 0 {
			t.Errorf("listener %d was told the gaps %v and met %+v", i, ear.allGaps(), stats)
		}
	}
	checkOneContentANumber(t, h.ears)
	a.checkNothingPanicked()
	report(t, "all killed", map[string]any{
		"ready_s": seconds(ready.Sub(killed)), "commands_s": seconds(commands.Sub(killed)),
		"heard_again_s": seconds(h.ears[0].back(heard).Sub(killed)),
	})
}

func seconds(d time.Duration) float64 { return round(d.Seconds()) }

// startAll starts all processes in the order in which they were started first: the stores, each when the one before
// answers, then the roles together.
func (a *apart) startAll() error {
	failed := make(chan error, len(a.Processes))
	for _, p := range a.Processes {
		if p.Operator == "" {
			must(a.t, a.Restart(a.t.Context(), p))
			failed <- nil
			continue
		}
		if err := p.Start(); err != nil {
			return err
		}
		go func() { failed <- p.Ready(bounded(a.t)) }()
	}
	for range a.Processes {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

// lively is a live room with something of everything on its stage.
type lively struct {
	room       string
	host, held *guest
	asking     []*guest // in the order of their hands
	invited    *guest
	ears       []*recording
}

// lively opens a room: the host and another in seats, one of them held; three hands up, the second of them invited; two
// listeners at different edges.
func (a *apart) lively(t *testing.T) *lively {
	t.Helper()
	enter := func(name string) *guest {
		person := a.person(t, name)
		return &guest{Client: person, user: person.Tokens().User.ID}
	}
	h := &lively{host: enter("Host"), held: enter("Held")}
	h.room = a.liveRoom(t, h.host.Client, api.CreateRoom{Title: "Crowd", Speakers: []string{h.held.user}, MaxSeats: 5}).ID
	for i := range 2 {
		person := a.person(t, "Listener")
		joined, err := person.Join(bounded(t), h.room, api.Join{Role: "listener"})
		must(t, err)
		cfg := at(joined.Edges[i].URL, h.room, joined.Grant)
		cfg.URLs = append(cfg.URLs, joined.Edges[1-i].URL)
		h.ears = append(h.ears, record(t, cfg))
	}
	for _, who := range []*guest{h.host, h.held} {
		who.voice = a.seat(t, who.Client, h.room)
	}
	done(t)(h.host.Hold(bounded(t), h.room, h.held.user))
	for i, name := range []string{"First", "Second", "Third"} {
		h.asking = append(h.asking, enter(name))
		done(t)(h.asking[i].RaiseHand(bounded(t), h.room, "about "+name))
	}
	h.invited = h.asking[1]
	done(t)(h.host.Invite(bounded(t), h.room, h.invited.user, 5*time.Minute))
	h.host.stage = a.follow(t, h.host.Client, h.room)
	for _, who := range []*guest{h.host, h.held} {
		h.host.stage.reaches(t, "a microphone is there", func(s stage.Stage) bool {
			seat, seated := s.SeatOf(who.user)
			return seated && !seat.Away
		})
	}
	return h
}

// newest is the highest number and epoch that any listener has heard.
func (h *lively) newest() (most mark) {
	for _, ear := range h.ears {
		for _, b := range ear.all() {
			most.number, most.epoch = max(most.number, b.GetNumber()), max(most.epoch, b.GetEpoch())
		}
	}
	return most
}

// mark is a place in a program.
type mark struct{ number, epoch uint64 }

// commandsWork gives a command until it is taken, and answers when that was.
func (h *lively) commandsWork(t *testing.T) time.Time {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		_, err := h.asking[0].RaiseHand(bounded(t), h.room, "") // it is up: changes nothing
		return err
	})
	return time.Now()
}

// checkRisen wants what came after a mark to be of a higher epoch and above its number.
func (r *recording) checkRisen(t *testing.T, heard mark) {
	t.Helper()
	risen := false
	for _, b := range r.all() {
		if b.GetEpoch() > heard.epoch {
			risen = true
			if b.GetNumber() <= heard.number {
				t.Errorf("number %d of epoch %d comes again in %d", b.GetNumber(), heard.epoch, b.GetEpoch())
			}
		}
	}
	if !risen {
		t.Errorf("no epoch is above %d", heard.epoch)
	}
}

// back is when the first batch of a higher epoch came.
func (r *recording) back(heard mark) time.Time {
	for _, b := range r.all() {
		if b.GetEpoch() > heard.epoch {
			return b.Received
		}
	}
	return time.Time{}
}

// moves is how many gaps were told that a stalled machine does not explain.
func (r *recording) moves() (n int) {
	for _, gap := range r.allGaps() {
		if gap.GetReason() != listenv1.GapReason_GAP_REASON_ORIGIN_STALLED {
			n++
		}
	}
	return n
}

// since is how what came after a moment sounds.
func (r *recording) since(t testing.TB, moment time.Time) []float32 {
	t.Helper()
	var packets [][]byte
	for _, b := range r.all() {
		if b.Received.Before(moment) {
			continue
		}
		for _, frame := range b.GetFrames() {
			packets = append(packets, frame.GetOpus())
		}
	}
	return decode(t, packets)
}

// still is a stage but for where it stands in its log, and where microphones are.
func still(t *testing.T, s api.Stage) string {
	t.Helper()
	s.Position, s.Enforced = api.Position{}, nil
	s.Seats = slices.Clone(s.Seats)
	for i := range s.Seats {
		s.Seats[i].Away = false
	}
	text, err := json.Marshal(s)
	must(t, err)
	return string(text)
}

// checkSameStage compares what a stage was and is: all but where microphones are.
func checkSameStage(t *testing.T, before, after api.Stage) {
	t.Helper()
	if was, is := still(t, before), still(t, after); was != is {
		t.Errorf("the stage was\n%s\nand is\n%s", was, is)
	}
	if after.Position != before.Position && !after.Position.After(before.Position) {
		t.Errorf("the stage was at %v and is at %v", before.Position, after.Position)
	}
	if len(before.Seats) != 2 || len(before.Hands) != 3 || len(before.Invites) != 1 {
		t.Error(fmt.Sprint("the stage was not as meant: ", still(t, before)))
	}
}
