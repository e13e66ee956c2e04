package ogg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed says that bytes are not Ogg Opus as this package reads it: one stream, one or two sound tracks, no packet
// beyond the bounds.
var ErrMalformed = errors.New("malformed Ogg Opus")

const (
	// maxPacket bounds an audio packet in bytes: 120 ms at the highest rate would be 7.6 KB.
	maxPacket = 8 << 10
	// maxTags bounds the comment packet in bytes, whose content is skipped.
	maxTags = 1 << 20
)

// Reader reads the packets of an Ogg Opus file. It holds one page and one packet.
type Reader struct {
	source  *bufio.Reader
	serial  uint32
	next    uint32 // sequence number wanted
	lacing  [maxSegments]byte
	sizes   []byte // of lacing: segments of the page not read yet
	body    []byte // of the page, not read yet
	buffer  [maxSegments * 255]byte
	last    bool
	preSkip int
}

// NewReader reads the headers.
func NewReader(source io.Reader) (*Reader, error) {
	r := &Reader{source: bufio.NewReader(source)}
	head, err := r.packet(maxPacket)
	if err != nil {
		return nil, fmt.Errorf("read header: %w", unexpected(err))
	}
	if len(head) < 19 || string(head[:8]) != "OpusHead" || head[8]>>4 != 0 {
		return nil, fmt.Errorf("%w: it begins with no Opus header", ErrMalformed)
	}
	if tracks, family := head[9], head[18]; tracks < 1 || tracks > 2 || family != 0 {
		return nil, fmt.Errorf("%w: neither mono nor stereo", ErrMalformed)
	}
	r.preSkip = int(binary.LittleEndian.Uint16(head[10:]))
	tags, err := r.packet(maxTags)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", unexpected(err))
	}
	if len(tags) < 8 || string(tags[:8]) != "OpusTags" {
		return nil, fmt.Errorf("%w: no comments after the header", ErrMalformed)
	}
	return r, nil
}

// PreSkip is how many samples at 48 kHz to drop from the beginning of what is decoded.
func (r *Reader) PreSkip() int { return r.preSkip }

// Next answers the next Opus packet, which the caller owns. At the end of the file: io.EOF; where it breaks off within
// a packet or page: io.ErrUnexpectedEOF.
func (r *Reader) Next() ([]byte, error) {
	packet, err := r.packet(maxPacket)
	if err == nil && len(packet) == 0 {
		return nil, fmt.Errorf("%w: an empty packet", ErrMalformed)
	}
	return packet, err
}

// packet puts a packet together from segments, over pages where it must.
func (r *Reader) packet(limit int) ([]byte, error) {
	var packet []byte
	for begun := false; ; {
		if len(r.sizes) == 0 {
			if err := r.turn(begun); err != nil {
				return nil, err
			}
			continue
		}
		size := int(r.sizes[0])
		begun = true
		if len(packet)+size > limit {
			return nil, fmt.Errorf("%w: a packet of more than %d bytes", ErrMalformed, limit)
		}
		packet = append(packet, r.body[:size]...)
		r.sizes, r.body = r.sizes[1:], r.body[size:]
		if size < 255 {
			return packet, nil
		}
	}
}

// turn reads the next page. within: a packet is to be continued on it.
func (r *Reader) turn(within bool) error {
	if r.last {
		if within {
			return io.ErrUnexpectedEOF
		}
		return io.EOF
	}
	var header [pageHeader]byte
	if _, err := io.ReadFull(r.source, header[:]); err != nil {
		if within {
			return unexpected(err)
		}
		return err
	}
	if string(header[:5]) != "OggS\x00" {
		return fmt.Errorf("%w: no page where one must begin", ErrMalformed)
	}
	if err := r.load(&header); err != nil {
		return err
	}
	serial, sequence := binary.LittleEndian.Uint32(header[14:]), binary.LittleEndian.Uint32(header[18:])
	flags := header[5]
	switch {
	case flags&flagFirst != 0 && r.next == 0:
		r.serial = serial
	case flags&flagFirst != 0 || r.next == 0 || serial != r.serial:
		return fmt.Errorf("%w: more than one stream, or none that begins", ErrMalformed)
	case sequence != r.next && r.next > 2: // an endless stream jumps after its headers
		return fmt.Errorf("%w: page %d where %d must be", ErrMalformed, sequence, r.next)
	case flags&flagContinued != 0 != within:
		return fmt.Errorf("%w: a packet's continuation is missing or comes from nowhere", ErrMalformed)
	}
	r.next, r.last = sequence+1, flags&flagLast != 0
	return nil
}

// load reads a page's segments and checks its sum.
func (r *Reader) load(header *[pageHeader]byte) error {
	r.sizes = r.lacing[:header[26]]
	if _, err := io.ReadFull(r.source, r.sizes); err != nil {
		return unexpected(err)
	}
	total := 0
	for _, size := range r.sizes {
		total += int(size)
	}
	r.body = r.buffer[:total]
	if _, err := io.ReadFull(r.source, r.body); err != nil {
		return unexpected(err)
	}
	claimed := binary.LittleEndian.Uint32(header[22:])
	clear(header[22:26])
	sum := checksum(checksum(checksum(0, header[:]), r.sizes), r.body)
	if sum != claimed {
		return fmt.Errorf("%w: a page's sum does not fit its bytes", ErrMalformed)
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
