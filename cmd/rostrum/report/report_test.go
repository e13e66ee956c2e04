package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheResultIsTheLastLine(t *testing.T) {
	var out bytes.Buffer
	if err := Result(&out, struct {
		Lost     int       `json:"lost"`
		Lateness Quantiles `json:"lateness_seconds"`
	}{3, Quantiles{P50: 0.007, Count: 2}}); err != nil {
		t.Fatal(err)
	}
	if out.String() != `RESULT {"lost":3,"lateness_seconds":{"p50":0.007,"p95":0,"p99":0,"max":0,"count":2}}`+"\n" {
		t.Error(out.String())
	}
	if Result(&out, func() {}) == nil {
		t.Error("what cannot be encoded is a result")
	}
}

func TestProgressIsALineASecond(t *testing.T) {
	var out bytes.Buffer
	begun := time.Now()
	p := NewProgress(&out, begun)
	p.Say(begun.Add(12*time.Second), Of("listeners", "4/5"), Of("lost", 0))
	p.Note(begun.Add(13*time.Second), "stopped by %s", "hand")
	if out.String() != "   12s  listeners 4/5  lost 0\n   13s  stopped by hand\n" {
		t.Errorf("%q", out.String())
	}
}

func TestBrokenInvariantsAreSaid(t *testing.T) {
	if err := Check([]Invariant{{Name: "lost"}, {Name: "corrupt"}}); err != nil {
		t.Error(err)
	}
	err := Check([]Invariant{{"lost", "2 batches were lost"}, {Name: "corrupt"}, {"repeated", "1 came again"}})
	var told *BrokenError
	if !errors.As(err, &told) || len(told.Broken) != 2 || err.Error() != "an invariant is broken: 2 batches were lost; 1 came again" {
		t.Error(err)
	}
}

// Quantiles, against sorting.
func TestQuantiles(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 2))
		s, all := Spread{}, []int64{}
		for range 1 + random.IntN(300) {
			v := random.Int64N(400) - 50
			s[v]++
			all = append(all, v)
		}
		slices.Sort(all)
		at := func(percent int) float64 { return float64(all[(len(all)*percent+99)/100-1]) / 1000 }
		want := Quantiles{at(50), at(95), at(99), float64(all[len(all)-1]) / 1000, uint64(len(all))}
		if got := s.Quantiles(); got != want {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
		if s.Least() != all[0] {
			t.Errorf("seed %d: least %d", seed, s.Least())
		}
		moved := Spread{}
		moved.Merge(s, 1000)
		if got := moved.Quantiles(); got.Count != want.Count || got.Max != float64(all[len(all)-1]+1000)/1000 {
			t.Errorf("seed %d: moved %+v", seed, got)
		}
	}
	if got := (Spread{}).Quantiles(); got != (Quantiles{}) || (Spread{}).Least() != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestMillisecondsAreRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]int64{0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, -1: 0, -time.Millisecond: -1, -time.Millisecond - 1: -1} {
		if got := Milliseconds(d); got != want {
			t.Errorf("%v is %d ms, want %d", d, got, want)
		}
	}
}

func TestTablesAreAligned(t *testing.T) {
	var out bytes.Buffer
	table := Table{Title: "Times", Columns: []string{"", "p50", "most"}}
	table.Add("späte Lieferung", "7", "1234")
	table.Add("join", "10")
	if err := WriteTables(&out, table, Table{Title: "empty"}); err != nil {
		t.Fatal(err)
	}
	want := "\nTimes\n                   p50  most\n  späte Lieferung    7  1234\n  join              10\n"
	if out.String() != want {
		t.Errorf("\n%q, want\n%q", out.String(), want)
	}
}

func TestAxes(t *testing.T) {
	for value, want := range map[float64]float64{0: 1, 0.3: 0.5, 1: 1, 1.1: 2, 2.5: 5, 7: 10, 20: 20, 21: 50, 1e6: 1e6, -4: 1} {
		if got := nice(value); got < want*0.999 || got > want*1.001 {
			t.Errorf("nice(%v) = %v, want %v", value, got, want)
		}
	}
	for value, want := range map[float64]string{0: "0", 0.05: "0.05", 1000: "1000", 12.345: "12.3", 0.00049: "0.00049", 71.0: "71"} {
		if got := number(value); got != want {
			t.Errorf("number(%v) = %q, want %q", value, got, want)
		}
	}
	d := Plot{Title: "x", Series: []Series{{Name: "a", Points: []Point{{0, 0}, {5, 40}, {10, 80}}}}}.draw()
	if d.Lines[0].Points != "0,1000 500,500 1000,0" || d.Y[len(d.Y)-1].Text != "80" || d.X[len(d.X)-1].Text != "10" {
		t.Errorf("%+v", d)
	}
}

func TestThePageIsWellFormed(t *testing.T) {
	p := Page{
		Title: "a <b> & \"c\"", Lead: "</p><script>", Verdict: "2 < 3", Broken: true,
		Tables: []Table{{Title: "<t>", Columns: []string{"", "&"}, Rows: [][]string{{"<", ">"}}}, {Title: "nothing"}},
		Plots: []Plot{
			{Title: "\"", Unit: "<ms>", Series: []Series{{Name: "<x>", Points: []Point{{1, 2}, {3, 4}}}, {Name: "none"}}}, {Title: "empty"},
		},
	}
	name := filepath.Join(t.TempDir(), "page.html")
	if err := p.WriteFile(name); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, never := range []string{"<script", "http://", "https://", "src=", "href=", "ZgotmplZ"} {
		if strings.Contains(text, never) {
			t.Errorf("the page has %q", never)
		}
	}
	lines := 0
	for decoder := xml.NewDecoder(bytes.NewReader(raw)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if begin, ok := token.(xml.StartElement); ok && begin.Name.Local == "polyline" {
			lines++
		}
	}
	if lines != 4 || !strings.Contains(text, "prefers-color-scheme: dark") { // each in the plot and in its legend
		t.Errorf("%d lines", lines)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".page-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := p.WriteFile(filepath.Join(t.TempDir(), "no", "page.html")); err == nil {
		t.Error("written into a folder that is not there")
	}
}
