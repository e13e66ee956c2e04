package stagearchive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rostrum/services/listenerstate/chain"
)

// model is one archived log, said as simply as it can be.
type model struct {
	records []chain.Record
	head    chain.Head
}

func (m *model) append(after chain.Head, records []chain.Record) error {
	for len(records) > 0 && records[0].Offset <= m.head.Offset {
		if !equal(m.records[records[0].Offset-1:records[0].Offset], records[:1]) {
			return chain.ErrDiverged
		}
		after, records = records[0].Head(), records[1:]
	}
	if len(records) == 0 {
		return nil
	}
	if after != m.head {
		return chain.ErrDiverged
	}
	for i, r := range records {
		if r.Offset != m.head.Offset+uint64(i)+1 || r.Term != records[0].Term || r.Term < m.head.Term {
			return chain.ErrDiverged
		}
	}
	m.records, m.head = append(m.records, records...), records[len(records)-1].Head()
	return nil
}

func (m *model) claim() chain.Head {
	if m.head.Offset > 0 {
		m.head.Term++
	}
	return m.head
}

// testModel has several archives of one store do by turns what sometimes fits and sometimes not: what one has learned
// before the others went on must not lead it astray.
func testModel(t *testing.T, open func() Archive) {
	archives := []Archive{open(), open(), open()}
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 4))
		m, key, refused := &model{}, newKey(), 0
		for n := range 60 {
			a := archives[random.IntN(len(archives))]
			if random.IntN(8) == 0 {
				if head, err := a.Claim(context.Background(), key); err != nil || head != m.claim() {
					t.Fatalf("life %d, step %d: claimed %s, %v, want %s", seed, n, head.Position, err, m.head.Position)
				}
				continue
			}
			after, records := m.some(random)
			got, want := put(a, key, after, records), m.append(after, records)
			if !errors.Is(got, want) {
				t.Fatalf("life %d, step %d: %s behind %s: %v, want %v", seed, n, span(records), after.Position, got, want)
			}
			if want != nil {
				refused++
			}
		}
		if refused < 5 || refused > 55 {
			t.Errorf("life %d: %d appends were refused: it is dull", seed, refused)
		}
		a := archives[random.IntN(len(archives))]
		wantHead(t, a, key, m.head)
		wantRecords(t, a, key, m.records)
	}
}

func span(records []chain.Record) string {
	return fmt.Sprintf("%s to %s", records[0].Position, records[len(records)-1].Position)
}

// some answers an append that continues the log, begins before its end, or is wrong in some way.
func (m *model) some(random *rand.Rand) (chain.Head, []chain.Record) {
	back := 0
	if random.IntN(3) == 0 {
		back = random.IntN(len(m.records) + 1)
	}
	first := len(m.records) - back
	after := m.head
	if back > 0 {
		if after = (chain.Head{}); first > 0 {
			after = m.records[first-1].Head()
		}
	}
	added := Records(m.head, random.IntN(4))
	if len(added) > 0 && random.IntN(6) == 0 {
		for i := range added {
			added[i].Term++
		}
	}
	records := append(slices.Clone(m.records[first:]), added...)
	if len(records) == 0 {
		records = Records(m.head, 1)
	}
	one := &records[random.IntN(len(records))]
	switch random.IntN(14) {
	case 0:
		one.Offset++
	case 1:
		one.Term++
	case 2:
		one.Bytes = []byte("another event")
	case 3:
		after.Hash[0]++
	case 4:
		after.Term++
	case 5:
		records = Records(chain.Head{Position: chain.Position{Term: after.Term, Offset: after.Offset + 1}}, 2)
	case 6:
		if one.Term > 1 {
			one.Term--
		}
	}
	return after, records
}
