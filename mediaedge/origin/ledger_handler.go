package origin

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// LedgerHandler answers GET /ledger?app=&room=&rendition=&from= with what this node put into the rings of a room that is, or
// lately was, at home here: JSON lines as docs/load.md describes them, at most 8,192 numbers. It is for the operator's door.
// Without app it is main's room, without rendition voice-32, without from everything that is held.
func (h *Host) LedgerHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			fault.WriteHTTP(w, fault.New(fault.CodeMethodNotAllowed, "only GET"))
			return
		}
		wanted, err := readLedgerQuery(r.URL.Query())
		if err != nil {
			fault.WriteHTTP(w, err)
			return
		}
		kept := h.ledgerOf(wanted.key)
		if kept == nil {
			fault.WriteHTTP(w, fault.New(fault.CodeNotFound, "this room is not at home here"))
			return
		}
		epochs, p := kept.read(wanted.rendition, wanted.from)
		w.Header().Set("Content-Type", "application/x-ndjson")
		out := bufio.NewWriter(w)
		for _, s := range epochs {
			fmt.Fprintf(out, `{"epoch":%d,"first":%d,"anchor":%q,"delay_ms":%d}`+"\n",
				s.epoch, s.first, s.anchor.UTC().Format(time.RFC3339Nano), s.delay.Milliseconds())
		}
		p.write(out)
		_ = out.Flush() // whoever asked has gone
	})
}

func (p *page) write(out *bufio.Writer) {
	for _, r := range p.runs {
		if r.reason != 0 {
			fmt.Fprintf(out, `{"first":%d,"last":%d,"epoch":%d,"gap":%q}`+"\n", r.first, r.last, r.epoch, r.reason)
			continue
		}
		for n := r.first; n <= r.last; n++ {
			fmt.Fprintf(out, `{"number":%d,"epoch":%d,"xxh64":"%016x"}`+"\n", n, r.epoch, p.sum(n))
		}
	}
}

// ledgerQuery is which ledger is asked for.
type ledgerQuery struct {
	key       key
	rendition audio.Rendition
	from      audio.Number
}

func readLedgerQuery(query url.Values) (ledgerQuery, error) {
	out := ledgerQuery{key: key{app: id.Main}, rendition: audio.Voice32}
	if text := query.Get("app"); text != "" {
		app, err := id.ParseApp(text)
		if err != nil {
			return out, err
		}
		out.key.app = app
	}
	room, err := id.ParseRoom(query.Get("room"))
	if err != nil {
		return out, err
	}
	out.key.room = room
	if text := query.Get("rendition"); text != "" {
		out.rendition = audio.Rendition(text)
		if !slices.Contains(audio.Renditions[:], out.rendition) {
			return out, fault.Invalid("rendition", "one that is encoded")
		}
	}
	if text := query.Get("from"); text != "" {
		from, err := strconv.ParseUint(text, 10, 62)
		if err != nil {
			return out, fault.Invalid("from", "a batch's number")
		}
		out.from = audio.Number(from)
	}
	return out, nil
}

// ledgerOf answers a room's ledger; nil where the room is not known here.
func (h *Host) ledgerOf(k key) *ledger {
	h.mu.Lock()
	defer h.mu.Unlock()
	if entry := h.rooms[k]; entry != nil {
		return entry.ledger
	}
	return nil
}
