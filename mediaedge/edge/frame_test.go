package edge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"rostrum/internal/fault"
)

// masked makes a client's frame.
func masked(first byte, payload []byte) []byte {
	frame := []byte{first}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, bitMasked|byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, bitMasked|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, bitMasked|127), uint64(n))
	}
	mask := []byte{1, 2, 3, 4}
	frame = append(frame, mask...)
	for i, b := range payload {
		frame = append(frame, b^mask[i&3])
	}
	return frame
}

type heardMessage struct {
	opcode  byte
	payload string
}

// feedAll feeds a stream in pieces of one size.
func feedAll(stream []byte, size int) (heard []heardMessage, err error) {
	var m messages
	for len(stream) > 0 && err == nil {
		n := min(size, len(stream))
		err = m.feed(bytes.Clone(stream[:n]), func(opcode byte, payload []byte) error {
			heard = append(heard, heardMessage{opcode, string(payload)})
			return nil
		})
		stream = stream[n:]
	}
	return heard, err
}

func TestMessagesAreTheSameHoweverTheyArrive(t *testing.T) {
	var stream []byte
	for _, frame := range [][]byte{
		masked(bitFinal|opBinary, []byte("one")),
		masked(opBinary, []byte("t")), masked(bitFinal|opPing, []byte("ping")), masked(opContinue, []byte("w")), masked(bitFinal|opContinue, []byte("o")),
		masked(bitFinal|opBinary, bytes.Repeat([]byte("x"), maxMessageBytes)),
		masked(bitFinal|opBinary, nil),
		masked(bitFinal|opClose, []byte{3, 232}),
	} {
		stream = append(stream, frame...)
	}
	want := []heardMessage{
		{opBinary, "one"}, {opPing, "ping"}, {opBinary, "two"}, {opBinary, string(bytes.Repeat([]byte("x"), maxMessageBytes))},
		{opBinary, ""}, {opClose, "\x03\xe8"},
	}
	for _, size := range []int{1, 2, 3, 7, 100, 4096, 1 << 20} {
		heard, err := feedAll(stream, size)
		if err != nil || len(heard) != len(want) {
			t.Fatalf("pieces of %d: %d messages, %v", size, len(heard), err)
		}
		for i := range want {
			if heard[i] != want[i] {
				t.Errorf("pieces of %d: message %d is %.20q", size, i, heard[i].payload)
			}
		}
	}
}

func TestStrangeFramesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		stream []byte
		want   fault.Code
	}{
		"unmasked":             {[]byte{bitFinal | opBinary, 1, 'x'}, fault.CodeInvalid},
		"text":                 {masked(bitFinal|opText, []byte("{}")), fault.CodeInvalid},
		"opcode 3":             {masked(bitFinal|3, nil), fault.CodeInvalid},
		"opcode 11":            {masked(bitFinal|11, nil), fault.CodeInvalid},
		"reserved bit":         {masked(bitFinal|0x40|opBinary, nil), fault.CodeInvalid},
		"fragmented ping":      {masked(opPing, nil), fault.CodeInvalid},
		"long ping":            {masked(bitFinal|opPing, make([]byte, 126)), fault.CodeInvalid},
		"4097 bytes":           {masked(bitFinal|opBinary, make([]byte, 4097)), fault.CodeTooLarge},
		"70,000 bytes":         {masked(bitFinal|opBinary, make([]byte, 70_000)), fault.CodeTooLarge},
		"many fragments":       {append(masked(opBinary, make([]byte, 4000)), masked(opContinue, make([]byte, 97))...), fault.CodeTooLarge},
		"continues nothing":    {masked(bitFinal|opContinue, nil), fault.CodeInvalid},
		"begins while another": {append(masked(opBinary, nil), masked(bitFinal|opBinary, nil)...), fault.CodeInvalid},
		"long form of 5":       {append([]byte{bitFinal | opBinary, bitMasked | 126, 0, 5}, make([]byte, 9)...), fault.CodeInvalid},
	} {
		for _, size := range []int{1, 1 << 20} {
			if _, err := feedAll(c.stream, size); !fault.Is(err, c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
	}
}

func TestReadMessageLeavesWhatFollows(t *testing.T) {
	for _, length := range []int{0, 1, 125, 126, 4096} {
		stream := append(masked(bitFinal|opPing, []byte("p")), masked(opBinary, bytes.Repeat([]byte("a"), length))...)
		stream = append(append(stream, masked(bitFinal|opContinue, nil)...), "rest"...)
		source := bytes.NewReader(stream)
		message, err := readMessage(iotest.HalfReader(source))
		if err != nil || len(message) != length || source.Len() != 4 {
			t.Errorf("%d bytes: got %d, %d left, %v", length, len(message), source.Len(), err)
		}
	}
	if _, err := readMessage(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a broken stream: %v", err)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add(masked(bitFinal|opBinary, []byte("x")), 1)
	f.Add(append(masked(opBinary, []byte("x")), masked(bitFinal|opContinue, make([]byte, 200))...), 3)
	f.Add(masked(bitFinal|opClose, []byte{3, 232}), 2)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 {
			return
		}
		whole, wholeErr := feedAll(stream, len(stream)+1)
		parts, partsErr := feedAll(stream, size)
		if fault.Is(wholeErr, fault.CodeInvalid) != fault.Is(partsErr, fault.CodeInvalid) || len(whole) != len(parts) {
			t.Fatalf("whole: %d messages, %v; in pieces: %d, %v", len(whole), wholeErr, len(parts), partsErr)
		}
		for i := range whole {
			if whole[i] != parts[i] || len(whole[i].payload) > maxMessageBytes {
				t.Fatalf("message %d: %q and %q", i, whole[i].payload, parts[i].payload)
			}
		}
	})
}
