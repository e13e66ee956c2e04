package stagearchive

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"rostrum/services/listenerstate/chain"
)

// testPages writes events of all sizes in appends of all lengths, and reads them in pages of all lengths.
func testPages(t *testing.T, open func() Archive) {
	random := rand.New(rand.NewPCG(1, 2))
	a, key, all, head := open(), newKey(), []chain.Record(nil), chain.Head{}
	var writes []*chain.Write
	for range 60 {
		added := Records(head, 1+random.IntN(40))
		for i := range added {
			added[i].Bytes = append(added[i].Bytes, make([]byte, 1<<random.IntN(13))...)
		}
		writes = append(writes, a.Append(key, head, added, nil))
		all, head = append(all, added...), added[len(added)-1].Head()
		if random.IntN(3) == 0 {
			if err := writes[len(writes)-1].Wait(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, write := range writes {
		if err := write.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range []int{1 + len(all)/60, 7 + len(all)/20, 256, len(all)} {
		var got []chain.Record
		for from := uint64(1); ; from = uint64(len(got)) + 1 {
			read, err := a.Read(context.Background(), key, from, page)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, read...); len(read) == 0 {
				break
			}
			if len(read) != min(page, len(all)-int(from)+1) {
				t.Fatalf("a page of %d from %d has %d", page, from, len(read))
			}
		}
		if !equal(got, all) {
			t.Errorf("in pages of %d there are %d of %d records, or others", page, len(got), len(all))
		}
	}
}

func testSnapshots(t *testing.T, open func() Archive) {
	a, key, head := open(), newKey(), chain.Head{}
	for i, size := range []int{1, 10_000 * 24, 300 << 10, 300<<10 + 1, 2 << 20, 100} {
		all := Records(head, 3)
		snapshot := bytes.Repeat([]byte{byte(i), 1, 2, 3, 5, 7, 11}, size/7+1)[:size]
		if err := a.Append(key, head, all, snapshot).Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		mustPut(t, a, key, all[2].Head(), Records(all[2].Head(), 1)) // it stays when more comes
		head = Records(all[2].Head(), 1)[0].Head()
		for _, a := range []Archive{a, open()} {
			if got, read, err := a.Load(context.Background(), key); err != nil || got != head || !bytes.Equal(read, snapshot) {
				t.Errorf("of a snapshot of %d bytes: %d, head %s, %v", size, len(read), got.Position, err)
			}
		}
	}
}
