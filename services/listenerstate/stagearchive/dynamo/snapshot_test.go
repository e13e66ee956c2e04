package dynamo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"rostrum/internal/dynamo"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive"
)

func TestOldSnapshotsAreDeleted(t *testing.T) {
	db := database(t, testkit.Dynalite(t), "")
	a, key, head := openArchive(t, Config{DB: db, Every: time.Millisecond}), newKey(), chain.Head{}
	died := newPointer(1, make([]byte, 2*itemMost)) // the first part of one whose writer died
	if err := (table{db}).putPart(t.Context(), key, died, 0, make([]byte, 2*itemMost)); err != nil {
		t.Fatal(err)
	}
	for _, parts := range []int{3, 1, 2} {
		added, snapshot := stagearchive.Records(head, 2), make([]byte, parts*itemMost)
		if err := a.Append(key, head, added, snapshot).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		head = added[1].Head()
		testkit.Eventually(t, patience, func() error { // they are deleted after the write is finished
			if keys := items(t, db, key, partPrefix, partPrefix+"~"); len(keys) != parts || keys[0][:len(partPrefix)+20] != partPrefix+dynamo.Ordered(head.Offset) {
				return errMalformed
			}
			return nil
		})
	}
}

// TestSnapshotsAreReadWhileTheyChange reads one while others take its place: what is read is always a whole one.
func TestSnapshotsAreReadWhileTheyChange(t *testing.T) {
	db := database(t, testkit.Dynalite(t), "")
	a, key := openArchive(t, Config{DB: db, Every: time.Millisecond}), newKey()
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() {
		var err error
		for head := (chain.Head{}); err == nil && ctx.Err() == nil; {
			added := stagearchive.Records(head, 1)
			snapshot := bytes.Repeat(binary.BigEndian.AppendUint64(nil, added[0].Offset), 2*itemMost/8+1)
			err = a.Append(key, head, added, snapshot).Wait(t.Context())
			head = added[0].Head()
		}
		written <- err
	}()
	seen := map[uint64]bool{}
	testkit.Eventually(t, 2*patience, func() error {
		snapshot, err := a.table.snapshot(t.Context(), key)
		if err != nil {
			t.Error(err)
			return nil
		}
		if len(snapshot) > 0 {
			at := binary.BigEndian.Uint64(snapshot)
			if seen[at] = true; !bytes.Equal(snapshot, bytes.Repeat(snapshot[:8], len(snapshot)/8)) {
				t.Errorf("snapshot %d is of several", at)
			}
		}
		if len(seen) < 5 {
			return errMalformed
		}
		return nil
	})
	stop()
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// TestTwoDrawTheSameSnapshot has two write one of the same event: one is found, whole.
func TestTwoDrawTheSameSnapshot(t *testing.T) {
	db, key := database(t, testkit.Dynalite(t), ""), newKey()
	all := stagearchive.Records(chain.Head{}, 3)
	var writes []*chain.Write
	snapshots := [][]byte{bytes.Repeat([]byte("a"), 2*itemMost), bytes.Repeat([]byte("b"), 2*itemMost)}
	for _, snapshot := range snapshots {
		a := openArchive(t, Config{DB: db, Every: time.Millisecond})
		writes = append(writes, a.Append(key, chain.Head{}, all, snapshot))
	}
	for _, write := range writes {
		if err := write.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	got, err := (table{db}).snapshot(t.Context(), key)
	if err != nil || !bytes.Equal(got, snapshots[0]) && !bytes.Equal(got, snapshots[1]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestAnOlderSnapshotComesTooLate has a writer finish that began before another, and ends after it.
func TestAnOlderSnapshotComesTooLate(t *testing.T) {
	db := database(t, testkit.Dynalite(t), "")
	a, key := openArchive(t, Config{DB: db, Every: time.Millisecond}), newKey()
	older := newPointer(1, []byte("older"))
	if err := a.Append(key, chain.Head{}, stagearchive.Records(chain.Head{}, 2), []byte("newer")).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(a.table.putPart(t.Context(), key, older, 0, []byte("older")), a.table.move(t.Context(), key, older))
	if _, snapshot, loadErr := a.Load(t.Context(), key); err != nil || loadErr != nil || string(snapshot) != "newer" {
		t.Errorf("%q, %v, %v", snapshot, err, loadErr)
	}
}

func TestADamagedSnapshotIsNotReadAsOne(t *testing.T) {
	db := database(t, testkit.Dynalite(t), "")
	a, key := openArchive(t, Config{DB: db, Every: time.Millisecond}), newKey()
	if err := a.Append(key, chain.Head{}, stagearchive.Records(chain.Head{}, 1), []byte("snapshot")).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := a.table.pointer(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Delete(t.Context(), dynamo.Stage, dynamo.Key{PK: partition(key), SK: p.partKey(0)}, dynamo.Condition{}); err != nil {
		t.Fatal(err)
	}
	if _, snapshot, err := a.Load(t.Context(), key); err == nil {
		t.Errorf("loaded %q", snapshot)
	}
}
