package load

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// spoiler is a way to a system on which batches can be spoiled. What came from the system is in its ledger.
type spoiler struct {
	t      *testing.T
	system string // host:port
	door   net.Listener
	// spoil answers what to send in place of a batch; it is called by one goroutine at a time.
	spoil func(number uint64, encoded []byte) [][]byte

	running sync.WaitGroup

	mu     sync.Mutex
	made   map[uint64]string // ledger lines
	conns  []net.Conn
	closed bool
}

// newSpoiler makes a way to the system of a URL, and answers its own URL and that of its ledger.
func newSpoiler(t *testing.T, system string, spoil func(number uint64, encoded []byte) [][]byte) (way, ledger string) {
	t.Helper()
	to, err := url.Parse(system)
	must(t, err)
	door, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &spoiler{t: t, system: to.Host, door: door, spoil: spoil, made: map[uint64]string{}}
	s.running.Go(s.accept)
	t.Cleanup(s.close)
	books := httptest.NewServer(s)
	t.Cleanup(books.Close)
	return "http://" + door.Addr().String(), books.URL
}

// ServeHTTP is the ledger.
func (s *spoiler) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.made {
		io.WriteString(w, line)
	}
}

func (s *spoiler) accept() {
	for {
		near, err := s.door.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", s.system)
		if err != nil {
			near.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, near, far)
		if s.closed {
			near.Close()
			far.Close()
		}
		s.mu.Unlock()
		s.running.Go(func() { s.carry(near, far) })
	}
}

// carry passes bytes both ways. A connection whose first request is to listen has its batches spoiled.
func (s *spoiler) carry(near, far net.Conn) {
	defer near.Close()
	defer far.Close()
	up, down := bufio.NewReader(near), bufio.NewReader(far)
	first, err := up.ReadString('\n')
	if err != nil {
		return
	}
	if _, err := io.WriteString(far, first); err != nil {
		return
	}
	s.running.Go(func() {
		defer far.Close()
		_, _ = io.Copy(far, up)
	})
	if !strings.Contains(first, "/listen?") {
		_, _ = io.Copy(near, down)
		return
	}
	for line := ""; line != "\r\n"; { // the answer's header
		if line, err = down.ReadString('\n'); err != nil {
			return
		}
		if _, err := io.WriteString(near, line); err != nil {
			return
		}
	}
	for s.frame(near, down) == nil {
	}
}

// frame passes one WebSocket frame on.
func (s *spoiler) frame(near net.Conn, down *bufio.Reader) error {
	head := make([]byte, 2, 4)
	if _, err := io.ReadFull(down, head); err != nil {
		return err
	}
	size := int(head[1])
	if size == 126 {
		head = head[:4]
		if _, err := io.ReadFull(down, head[2:]); err != nil {
			return err
		}
		size = int(binary.BigEndian.Uint16(head[2:]))
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(down, body); err != nil {
		return err
	}
	bodies := [][]byte{body}
	if number, kind, n := protowire.ConsumeTag(body); head[0] == 0x82 && n > 0 && number == 1 && kind == protowire.BytesType {
		encoded, _ := protowire.ConsumeBytes(body[n:])
		bodies = s.batch(encoded)
	}
	for _, body := range bodies {
		out := []byte{head[0], byte(len(body))}
		if len(body) >= 126 {
			out = binary.BigEndian.AppendUint16([]byte{head[0], 126}, uint16(len(body)))
		}
		if _, err := near.Write(append(out, body...)); err != nil {
			return err
		}
	}
	return nil
}

// batch notes a batch and answers the messages to send in its place.
func (s *spoiler) batch(encoded []byte) [][]byte {
	var b listenv1.Batch
	if err := proto.Unmarshal(encoded, &b); err != nil {
		s.t.Errorf("the system sent what is no batch: %v", err)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[b.GetNumber()] = fmt.Sprintf("{\"number\":%d,\"epoch\":%d,\"xxh64\":\"%016x\"}\n", b.GetNumber(), b.GetEpoch(), xxhash.Sum64(encoded))
	var out [][]byte
	for _, now := range s.spoil(b.GetNumber(), encoded) {
		out = append(out, protowire.AppendBytes([]byte{1<<3 | byte(protowire.BytesType)}, now))
	}
	return out
}

func (s *spoiler) close() {
	s.door.Close()
	s.mu.Lock()
	s.closed = true
	for _, conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// forged is a batch that was changed by somebody who knows how sums are made.
func forged(t *testing.T, encoded []byte, change func(*listenv1.Batch)) []byte {
	var b listenv1.Batch
	if err := proto.Unmarshal(encoded, &b); err != nil {
		t.Error(err)
	}
	change(&b)
	b.Crc32C = 0
	out, err := proto.Marshal(&b)
	if err != nil {
		t.Error(err)
	}
	sum := crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli))
	return binary.LittleEndian.AppendUint32(append(out, 15<<3|byte(protowire.Fixed32Type)), sum)
}
