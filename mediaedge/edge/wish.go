package edge

import (
	"net/url"
	"strconv"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
)

// wish is what a listener asks for in the query (docs/protocol.md section 1.1).
type wish struct {
	rendition audio.Rendition
	cadence   cadence
	resume    bool
	from      audio.Number // where resume
}

func readWish(query url.Values) (wish, error) {
	w := wish{rendition: audio.Voice32, cadence: everySecond}
	if text := query.Get("rendition"); text != "" {
		w.rendition = audio.Rendition(text)
		if w.rendition.BitRate() == 0 {
			return w, fault.Invalid("rendition", "voice-32 or voice-16")
		}
	}
	if text := query.Get("cadence"); text != "" {
		millis, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return w, fault.Invalid("cadence", "200 or 1000")
		}
		if w.cadence, err = readCadence(uint32(millis)); err != nil {
			return w, err
		}
	}
	if text := query.Get("from"); text != "" {
		from, err := strconv.ParseUint(text, 10, 62) // so that no sum overflows
		if err != nil {
			return w, fault.Invalid("from", "a batch's number")
		}
		w.resume, w.from = true, audio.Number(from)
	}
	return w, nil
}
