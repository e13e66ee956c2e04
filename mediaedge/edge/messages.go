package edge

import "rostrum/internal/fault"

// messages puts what a listener sends together. Owned by whoever reads the connection. It holds memory only while a
// frame or message is incomplete.
type messages struct {
	rest    []byte // an incomplete frame
	message []byte // the fragments of an incomplete message
	within  bool   // a message has begun
}

// feed takes bytes from the network, which it may change but does not keep, and calls take with every whole message and
// control frame. The payload must not be kept. It answers the first fault, its own or take's.
func (m *messages) feed(b []byte, take func(opcode byte, payload []byte) error) error {
	kept := len(m.rest) > 0
	if kept {
		m.rest = append(m.rest, b...)
		b = m.rest
	}
	for {
		f, n, err := cutFrame(b)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err := m.join(f, take); err != nil {
			return err
		}
		b, kept = b[n:], false
	}
	if !kept {
		m.rest = append([]byte(nil), b...) // nil where nothing is left
	}
	return nil
}

// join puts fragments together (RFC 6455 section 5.4).
func (m *messages) join(f frame, take func(opcode byte, payload []byte) error) error {
	if f.opcode >= opClose {
		return take(f.opcode, f.payload)
	}
	if m.within != (f.opcode == opContinue) {
		return fault.New(fault.CodeInvalid, "fragments of a message follow each other")
	}
	if len(m.message)+len(f.payload) > maxMessageBytes {
		return fault.New(fault.CodeTooLarge, "a message has at most %d bytes", maxMessageBytes)
	}
	m.within = !f.final
	if !f.final {
		m.message = append(m.message, f.payload...)
		return nil
	}
	whole := f.payload
	if m.message != nil {
		whole, m.message = append(m.message, f.payload...), nil
	}
	return take(opBinary, whole)
}
