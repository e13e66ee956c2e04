package test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rostrum/client/listener"
	"rostrum/internal/id"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// TestOriginReplaced takes the origin away twice in the middle of a program: first the lease, so that the same process
// begins a new epoch, then the whole node, so that another one begins whose wall clock is 3 s behind.
func TestOriginReplaced(t *testing.T) {
	p := newPlane(t)
	_, stopFirst := p.addSFU("sfu-1", time.Now)
	urls := []string{p.addEdge("edge-1"), p.addEdge("edge-2")}
	room, _ := p.openRoom()
	ears := []*recording{p.hear(room, urls[0]), p.hear(room, urls[1])}
	ogg := p.hearOgg(room, urls[0])
	for _, ear := range ears {
		ear.more(t, 15)
	}
	p.loseLease(room)
	for _, ear := range ears {
		ear.more(t, 15)
	}
	p.addSFU("sfu-2", func() time.Time { return time.Now().Add(-3 * time.Second) })
	stopFirst()
	for _, ear := range ears {
		ear.more(t, 20)
	}
	late := p.hear(room, urls[1])
	late.more(t, 5)
	checkOneContentANumber(t, append(ears, late))
	for i, ear := range ears {
		checkHoles(t, i, ear)
	}
	checkOggPlaysOn(t, ogg())
}

// loseLease appoints a node that does not exist, as a partition would, so that the origin ends, and takes the appointment
// away from it again.
func (p *plane) loseLease(room id.Room) {
	p.t.Helper()
	placed, err := p.calls.PlaceRoom(bounded(p.t), &signalingv1.PlaceRoomRequest{App: string(id.Main), Room: string(room)})
	must(p.t, err)
	_, err = p.nodes.AcquireProgram(bounded(p.t), &signalingv1.AcquireProgramRequest{
		App: string(id.Main), Room: string(room), Node: placed.GetHome().GetNode(), BootId: 1, KnownEpoch: placed.GetHome().GetEpoch(),
	})
	must(p.t, err)
}

// hear records a room at one edge.
func (p *plane) hear(room id.Room, url string) *recording {
	p.t.Helper()
	return record(p.t, listener.Config{
		URLs: []string{url}, Room: room, Grant: p.grant(room, token.RightListen), Cadence: 200 * time.Millisecond,
	})
}

// hearOgg streams a room's listen.ogg; the answer ends the stream and gives what it had.
func (p *plane) hearOgg(room id.Room, url string) func() []byte {
	p.t.Helper()
	answer, err := http.Get(url + "/v1/rooms/" + string(room) + "/" + p.grant(room, token.RightOgg) + "/listen.ogg")
	must(p.t, err)
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("listen.ogg answers %s", answer.Status)
	}
	var heard bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&heard, answer.Body) // ends when the body is closed
	}()
	return func() []byte {
		answer.Body.Close()
		<-done
		return heard.Bytes()
	}
}

// checkOneContentANumber compares all that anybody heard under each number, and takes gaps for content too.
func checkOneContentANumber(t *testing.T, ears []*recording) {
	t.Helper()
	contents := map[uint64][]byte{}
	for _, ear := range ears {
		newest, epoch := uint64(0), uint64(0)
		for _, b := range ear.all() {
			if known, seen := contents[b.GetNumber()]; seen && !bytes.Equal(known, b.Encoded) {
				t.Errorf("number %d has two contents", b.GetNumber())
			}
			contents[b.GetNumber()] = b.Encoded
			if b.GetNumber() <= newest || b.GetEpoch() < epoch {
				t.Errorf("number %d of epoch %d after %d of %d", b.GetNumber(), b.GetEpoch(), newest, epoch)
			}
			newest, epoch = b.GetNumber(), b.GetEpoch()
		}
	}
	for _, ear := range ears {
		for _, gap := range ear.allGaps() {
			for n := gap.GetFirst(); n <= gap.GetLast(); n++ {
				if _, seen := contents[n]; seen {
					t.Errorf("number %d was heard by one and told as a gap to another", n)
				}
			}
		}
	}
}

// checkHoles finds exactly one gap between two epochs and none within one.
func checkHoles(t *testing.T, who int, ear *recording) {
	t.Helper()
	gaps := ear.allGaps()
	all := ear.all()
	holes := 0
	for i := 1; i < len(all); i++ {
		if all[i].GetNumber() == all[i-1].GetNumber()+1 {
			continue
		}
		holes++
		if all[i].GetEpoch() == all[i-1].GetEpoch() {
			t.Errorf("listener %d: a hole within epoch %d", who, all[i].GetEpoch())
		}
		told := 0
		for _, gap := range gaps {
			if gap.GetFirst() == all[i-1].GetNumber()+1 && gap.GetLast() == all[i].GetNumber()-1 {
				told++
			}
		}
		if told != 1 {
			t.Errorf("listener %d: the hole %d to %d was told by %d gaps of %v", who, all[i-1].GetNumber()+1, all[i].GetNumber()-1, told, gaps)
		}
		length := time.Duration(all[i].GetNumber()-all[i-1].GetNumber()-1) * audio.BatchDuration
		report(t, "hole", map[string]any{"listener": who, "ms": length.Milliseconds(), "epoch": all[i].GetEpoch()})
	}
	if len(gaps) != holes || holes == 0 || holes > 2 {
		t.Errorf("listener %d: %d holes, %d gaps", who, holes, len(gaps))
	}
	ear.mu.Lock()
	defer ear.mu.Unlock()
	if ear.ended != nil || len(ear.lost) > 0 {
		t.Errorf("listener %d: ended %v, lost %v", who, ear.ended, ear.lost)
	}
}

// checkOggPlaysOn decodes what came and looks for the whole length without a complaint.
func checkOggPlaysOn(t *testing.T, heard []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "heard.ogg")
	must(t, os.WriteFile(file, heard, 0o600))
	out, err := exec.Command("ffprobe", "-v", "warning", "-count_packets", "-show_entries", "stream=codec_name,sample_rate,nb_read_packets",
		"-of", "csv=p=0", file).CombinedOutput()
	must(t, err)
	text := strings.TrimSpace(string(out))
	if !strings.HasPrefix(text, "opus,48000,") || strings.Contains(text, "\n") {
		t.Errorf("ffprobe says %q", text)
	}
	if batches := bytes.Count(heard, []byte("OggS")) - 2; batches < 50 {
		t.Errorf("only %d pages", batches)
	}
}
