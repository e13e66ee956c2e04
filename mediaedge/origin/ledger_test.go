package origin

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

// ask asks a host for a ledger.
func ask(t testing.TB, h *Host, query string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	h.LedgerHandler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ledger?"+query, nil))
	return answer
}

// bareHost is a host that can do nothing but keep rooms.
func bareHost(t testing.TB) *Host { return &Host{ctx: t.Context(), rooms: map[key]*hosted{}} }

func TestTheLedgerIsWrittenAsTheVectorSays(t *testing.T) {
	want, err := os.ReadFile("../../docs/vectors/ledger.jsonl")
	must(t, err)
	h, room := bareHost(t), id.NewRoom()
	entry, err := h.use(key{id.Main, room})
	must(t, err)
	defer h.done(entry)
	l, noon := entry.ledger, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l.begin(schedule{epoch: 5, first: 4712, anchor: noon.Add(250 * time.Millisecond), delay: 160 * time.Millisecond})
	l.batch(audio.Voice32, 4712, 5, []byte("a"))
	l.batch(audio.Voice16, 4712, 5, []byte("thin"))
	l.batch(audio.Voice32, 4713, 5, []byte("as"))
	l.begin(schedule{epoch: 6, first: 4718, anchor: noon.Add(1500 * time.Millisecond), delay: 160 * time.Millisecond})
	l.gap(audio.Voice32, audio.Gap{First: 4700, Last: 4717, Epoch: 6, Reason: audio.GapNewOrigin})
	l.batch(audio.Voice32, 4718, 6, []byte("abc"))
	if got := ask(t, h, "room="+string(room)); got.Body.String() != string(want) {
		t.Errorf("written %d\n%s\nwant\n%s", got.Code, got.Body, want)
	}
	all := strings.SplitAfter(string(want), "\n")
	later := all[0] + all[1] + strings.Replace(all[4], "4714", "4716", 1) + all[5]
	if got := ask(t, h, "app=main&rendition=voice-32&from=4716&room="+string(room)); got.Body.String() != later {
		t.Errorf("from 4716 on written\n%s\nwant\n%s", got.Body, later)
	}
}

func TestBadQueriesOfALedger(t *testing.T) {
	h, room := bareHost(t), string(id.NewRoom())
	for query, status := range map[string]int{
		"":                                400,
		"room=x":                          400,
		"app=A&room=" + room:              400,
		"from=-1&room=" + room:            400,
		"from=1e9&room=" + room:           400,
		"rendition=voice-64&room=" + room: 400,
		"room=" + room:                    404,
	} {
		if got := ask(t, h, query); got.Code != status {
			t.Errorf("%q is answered %d %s, want %d", query, got.Code, got.Body, status)
		}
	}
	answer := httptest.NewRecorder()
	h.LedgerHandler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/ledger", nil))
	if answer.Code != 405 {
		t.Errorf("POST is answered %d", answer.Code)
	}
}

func TestTheLedgerHasWhatTheRingHas(t *testing.T) {
	h, room := newHost(t, &fakeLog{watch: liveRoom}, &fakeNodes{}), id.NewRoom()
	epoch, err := h.Open(t.Context(), id.Main, room)
	must(t, err)
	rings, err := h.Find(t.Context(), id.Main, room)
	must(t, err)
	testkit.Eventually(t, time.Minute, func() error {
		if v := rings.Ring(audio.Voice16).View(); v.Empty() || v.Newest() < v.Oldest()+4 {
			return errors.New("too few batches")
		}
		return nil
	})
	for _, rendition := range audio.Renditions {
		ring := rings.Ring(rendition).View()
		_, p := h.ledgerOf(key{id.Main, room}).read(rendition, ring.Oldest())
		compared := 0
		for _, r := range p.runs {
			for n := r.first; n <= min(r.last, ring.Newest()); n++ {
				entry, found := ring.At(n)
				if !found || entry.Epoch != epoch || p.sum(n) != xxhash.Sum64(entry.Batch) {
					t.Errorf("%s %d: %v, ledger %016x", rendition, n, found, p.sum(n))
				}
				compared++
			}
		}
		if compared < 5 {
			t.Errorf("%s: %d numbers compared", rendition, compared)
		}
	}
	lines := bufio.NewScanner(ask(t, h, "room="+string(room)).Body)
	var opening struct {
		Epoch   audio.Epoch
		First   audio.Number
		Anchor  time.Time
		DelayMS int `json:"delay_ms"`
	}
	lines.Scan()
	must(t, json.Unmarshal(lines.Bytes(), &opening))
	if since := time.Since(opening.Anchor); opening.Epoch != epoch || since < 0 || since > time.Minute || opening.DelayMS != 160 {
		t.Errorf("%+v", opening)
	}
}

// A ledger under random numbers, against one that keeps everything.
func TestTheLedgerKeepsTheLastNumbers(t *testing.T) {
	type entry struct {
		sum    uint64
		epoch  audio.Epoch
		reason audio.GapReason
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var l ledger
		all := map[audio.Number]entry{}
		next, oldest, epoch := audio.Number(random.Uint64N(20_000)), audio.Number(0), audio.Epoch(1)
		first := next
		for range 3000 + random.IntN(12_000) {
			if random.IntN(200) == 0 {
				epoch++
				gap := audio.Gap{First: next - min(next, 3), Last: next + audio.Number(random.IntN(600)), Epoch: epoch, Reason: audio.GapNewOrigin}
				if len(all) == 0 {
					first = gap.First
				}
				for n := gap.First; n <= gap.Last; n++ {
					if _, held := all[n]; !held {
						all[n] = entry{epoch: epoch, reason: gap.Reason}
					}
				}
				l.gap(audio.Voice16, gap)
				next = gap.Last + 1
				continue
			}
			text := binary.LittleEndian.AppendUint64(nil, random.Uint64())
			all[next] = entry{sum: xxhash.Sum64(text), epoch: epoch}
			l.batch(audio.Voice16, next, epoch, text)
			next++
		}
		if oldest = first; next > ledgerNumbers {
			oldest = max(oldest, next-ledgerNumbers)
		}
		_, p := l.read(audio.Voice16, 0)
		for _, r := range p.runs {
			if r.first != oldest {
				t.Fatalf("seed %d: a run begins at %d, want %d", seed, r.first, oldest)
			}
			for n := r.first; n <= r.last; n++ {
				got := entry{epoch: r.epoch, reason: r.reason}
				if r.reason == 0 {
					got.sum = p.sum(n)
				}
				if got != all[n] {
					t.Fatalf("seed %d: %d is %+v, want %+v", seed, n, got, all[n])
				}
			}
			oldest = r.last + 1
		}
		if oldest != next {
			t.Fatalf("seed %d: it ends before %d, want %d", seed, oldest, next)
		}
	}
}

func TestNotingABatchDoesNotAllocate(t *testing.T) {
	var l ledger
	encoded := make([]byte, 900)
	next := audio.Number(0)
	note := func() {
		next++
		l.batch(audio.Voice32, next, 1, encoded)
	}
	for range ledgerNumbers {
		note()
	}
	if n := testing.AllocsPerRun(1000, note); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

func BenchmarkLedgerBatch(b *testing.B) {
	var l ledger
	encoded, next := make([]byte, 900), audio.Number(0)
	b.ReportAllocs()
	for b.Loop() {
		next++
		l.batch(audio.Voice32, next, 1, encoded)
	}
}
