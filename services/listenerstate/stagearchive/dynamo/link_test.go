package dynamo

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"rostrum/internal/dynamo"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive"
)

func TestKeysSortLikeHeads(t *testing.T) {
	var keys []string
	for _, behind := range []chain.Position{
		{}, {Term: 1, Offset: 1}, {Term: 2, Offset: 1}, {Term: 10, Offset: 1}, {Term: 1, Offset: 2}, {Term: 3, Offset: 9}, {Term: 3, Offset: 10},
		{Term: math.MaxUint64, Offset: math.MaxUint64 - 1},
	} {
		key := linkKey(behind)
		if parsed, err := parseLinkKey(key); err != nil || parsed != behind {
			t.Errorf("%s became %s, %v", behind, parsed, err)
		}
		if upTo := linkKeyUpTo(behind.Offset + 1); key > upTo || linkKey(chain.Position{Offset: behind.Offset + 1}) < upTo && behind.Offset+2 != 0 {
			t.Errorf("%q is not the end of what begins at %d", upTo, behind.Offset+1)
		}
		keys = append(keys, key)
	}
	if !slices.IsSorted(keys) {
		t.Errorf("not in order: %q", keys)
	}
}

func TestLinksFillOneItem(t *testing.T) {
	long := stagearchive.Records(chain.Head{}, 40)
	for i := range long {
		long[i].Bytes = make([]byte, itemMost/10)
	}
	other := stagearchive.Records(long[39].Head(), 2)
	higher := stagearchive.Records(chain.Head{Position: chain.Position{Term: 7, Offset: other[1].Offset}}, 1)
	var wishes []*wish
	after := chain.Head{}
	for _, records := range [][]chain.Record{long[:3], long[3:4], long[4:30], long[30:], other, higher} {
		wishes = append(wishes, &wish{after: after, records: records})
		after = records[len(records)-1].Head()
	}
	var got []chain.Record
	end := chain.Head{}
	for _, want := range []struct{ records, wishes int }{{9, 3}, {9, 1}, {9, 1}, {9, 2}, {6, 2}, {1, 1}} {
		records := cut(end, wishes, itemMost)
		l := link{behind: end.Position, records: records}
		if passed := pass(wishes, len(records)); len(records) != want.records || passed != want.wishes || len(l.value()) > itemMost+1+termBytes {
			t.Fatalf("behind %s a link has %d records of %d appends, %d bytes", end.Position, len(records), passed, len(l.value()))
		}
		got, end = append(got, records...), l.head()
		for len(wishes) > 0 && len(wishes[0].records) == 0 {
			wishes = wishes[1:]
		}
	}
	if len(wishes) != 0 || len(got) != len(long)+len(other)+len(higher) {
		t.Errorf("%d records, %d appends are left", len(got), len(wishes))
	}
}

func FuzzLink(f *testing.F) {
	records := stagearchive.Records(chain.Head{Position: chain.Position{Term: 3, Offset: 41}}, 3)
	events := link{behind: chain.Position{Term: 2, Offset: 41}, records: records}
	claim := link{behind: records[2].Position, claimed: chain.Head{Position: chain.Position{Term: 4, Offset: 44}}, token: token{1, 2}}
	f.Add(linkKey(events.behind), events.value())
	f.Add(linkKey(claim.behind), claim.value())
	f.Add(linkKey(chain.Position{Offset: math.MaxUint64 - 1}), events.value())
	f.Add("e#", []byte{})
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		l, err := decodeLink(key, value)
		if err != nil {
			return
		}
		head := l.head()
		if linkKey(l.behind) != key || !bytes.Equal(l.value(), value) {
			t.Fatalf("%q %x became %q %x", key, value, linkKey(l.behind), l.value())
		}
		if head.Offset < l.behind.Offset || !l.behind.Before(head.Position) || head.Term < l.behind.Term {
			t.Fatalf("%s follows %s", head.Position, l.behind)
		}
	})
}

func FuzzPointer(f *testing.F) {
	f.Add(uint64(7), "s#00000000000000000007#00#", uint64(2), make([]byte, 32))
	f.Add(uint64(0), "", uint64(1)<<63, []byte(nil))
	f.Fuzz(func(t *testing.T, at uint64, name string, parts uint64, sum []byte) {
		item := dynamo.Item{}
		item.SetNumber(atAttribute, at)
		item.SetText(nameAttribute, name)
		item.SetNumber(partsAttribute, parts)
		item.SetBytes(sumAttribute, sum)
		p, err := readPointer(item)
		if err != nil {
			return
		}
		if again, err := readPointer(p.item()); err != nil || again != p || uint64(p.parts) != parts {
			t.Fatalf("%+v became %+v, %v", p, again, err)
		}
	})
}
