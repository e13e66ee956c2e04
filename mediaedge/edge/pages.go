package edge

import (
	"sync"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/ogg"
	"rostrum/mediaedge/relay"
)

// pagesHeld is how many pages are kept; players of a room stand close together.
const pagesHeld = 32

// pages keeps the newest Ogg pages of a room, so that each is made once however many players there are.
type pages struct {
	mu   sync.Mutex
	held [pagesHeld]struct {
		number audio.Number
		page   []byte
	}
}

// page answers the page of a number that v holds; read only. A number without audio, or with frames that cannot be
// read, is silence.
func (p *pages) page(v *relay.View, number audio.Number) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := &p.held[number%pagesHeld]
	if slot.page == nil || slot.number != number {
		slot.number, slot.page = number, makePage(v, number)
	}
	return slot.page
}

func makePage(v *relay.View, number audio.Number) []byte {
	entry, _ := v.At(number)
	if entry.Batch != nil {
		if batch, err := audio.DecodeBatch(entry.Batch); err == nil {
			return ogg.AppendPage(nil, number, &batch.Frames)
		}
	}
	return ogg.AppendSilence(nil, number)
}
