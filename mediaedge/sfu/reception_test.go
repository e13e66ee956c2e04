package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestReportSaysWhatWasLost(t *testing.T) {
	var q reception
	start := time.Now()
	at := func(i int) time.Time { return start.Add(time.Duration(i) * 20 * time.Millisecond) }
	packet := func(i int) {
		q.packet(&rtp.Header{SSRC: 9, SequenceNumber: uint16(65500 + i), Timestamp: uint32(i * 960)}, at(i))
	}
	for i := range 100 {
		if i%4 != 3 {
			packet(i)
		}
	}
	if !q.due(at(100)) {
		t.Fatal("no report after 2 s")
	}
	report := q.report(at(100), &senderReport{0xabcd, at(50)}).Reports[0]
	if report.SSRC != 9 || report.LastSequenceNumber != 65598 || report.TotalLost != 24 || report.FractionLost != 24*256/99 {
		t.Errorf("report %+v", report)
	}
	if report.Jitter > 1 || report.LastSenderReport != 0xabcd || report.Delay != 65536 {
		t.Errorf("report %+v", report)
	}
	for i := 100; i < 200; i++ {
		packet(i)
	}
	if report := q.report(at(200), nil).Reports[0]; report.FractionLost != 2 || report.TotalLost != 25 {
		t.Errorf("after a good second (99 came, 1 late of before): %+v", report)
	}
}
