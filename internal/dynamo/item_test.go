package dynamo

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatIsSetIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, n, flag := rapid.String().Draw(t, "text"), rapid.Uint64().Draw(t, "n"), rapid.Bool().Draw(t, "flag")
		raw, texts := rapid.SliceOf(rapid.Byte()).Draw(t, "raw"), rapid.SliceOf(rapid.String()).Draw(t, "texts")
		at := time.Unix(rapid.Int64Range(0, 200e9).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC()
		inner, item := Item{}, Item{}
		inner.SetText("deep", text)
		item.SetText("text", text)
		item.SetNumber("n", n)
		item.SetFlag("flag", flag)
		item.SetBytes("raw", raw)
		item.SetTexts("texts", texts)
		item.SetTime("at", at)
		item.SetItems("items", []Item{inner, {}})
		read := Read(item)
		if read.Text("text") != text || read.Number("n") != n || read.Flag("flag") != flag || !bytes.Equal(read.Bytes("raw"), raw) ||
			!slices.Equal(read.Texts("texts"), texts) || read.Time("at") != at {
			t.Errorf("%v reads otherwise", item)
		}
		if items := read.Items("items"); len(items) != 2 || Read(items[0]).Text("deep") != text || Read(items[1]).Text("deep") != "" {
			t.Errorf("items read as %v", items)
		}
		if read.Err() != nil {
			t.Error(read.Err())
		}
	})
}

func TestWhatIsNotThereReadsAsNothing(t *testing.T) {
	item := Item{}
	item.SetText("text", "")
	item.SetNumber("n", 0)
	item.SetFlag("flag", false)
	item.SetBytes("raw", nil)
	item.SetTime("at", time.Time{})
	item.SetTexts("texts", nil)
	item.SetItems("items", nil)
	item.SetExpiry(time.Time{})
	if len(item) != 0 {
		t.Errorf("set: %v", item)
	}
	read := Read(item)
	if read.Text("text") != "" || read.Number("n") != 0 || read.Flag("flag") || read.Bytes("raw") != nil || !read.Time("at").IsZero() ||
		read.Texts("texts") != nil || read.Items("items") != nil || read.Err() != nil {
		t.Errorf("nothing reads otherwise: %v", read.Err())
	}
}

func TestAnotherTypeIsAnError(t *testing.T) {
	item := Item{}
	item.SetText("text", "x")
	item.SetTexts("texts", []string{"x"})
	item.SetItems("items", []Item{{}})
	for name, read := range map[string]func(*Fields){
		"a number": func(f *Fields) { f.Number("text") }, "a truth": func(f *Fields) { f.Flag("text") },
		"bytes": func(f *Fields) { f.Bytes("text") }, "a time": func(f *Fields) { f.Time("text") },
		"a text": func(f *Fields) { f.Text("texts") }, "a list": func(f *Fields) { f.Texts("text") },
		"items": func(f *Fields) { f.Items("texts") }, "texts": func(f *Fields) { f.Texts("items") },
	} {
		f := Read(item)
		if read(f); f.Err() == nil {
			t.Errorf("%s is read of another type", name)
		}
	}
}

func TestTextsSortLikeWhatTheyAreOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		if cmp.Compare(a, b) != strings.Compare(Ordered(a), Ordered(b)) {
			t.Errorf("%d and %d sort otherwise", a, b)
		}
		of := func(n uint64) time.Time { return time.Unix(int64(n%200e9), int64(n%1e9)) }
		if of(a).Compare(of(b)) != strings.Compare(Moment(of(a)), Moment(of(b))) {
			t.Errorf("%v and %v sort otherwise", of(a), of(b))
		}
	})
}

// A time that is rounded up never lets an item be deleted too early.
func TestExpiryIsNotBeforeItsTime(t *testing.T) {
	for at, want := range map[time.Time]uint64{
		time.Unix(100, 0): 100, time.Unix(100, 1): 101, time.Unix(100, 999_999_999): 101, time.Unix(-5, 0): 1,
	} {
		item := Item{}
		item.SetExpiry(at)
		if got := Read(item).Number(expiryAttribute); got != want {
			t.Errorf("%v expires at %d, want %d", at, got, want)
		}
	}
}
