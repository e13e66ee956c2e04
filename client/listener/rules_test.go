package listener

import (
	"encoding/json"
	"os"
	"testing"
)

// The rules of numbers and epochs, as docs/vectors/rules.json has them.
func TestTheRulesOfNumbers(t *testing.T) {
	raw, err := os.ReadFile("../../docs/vectors/rules.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []struct {
			Name  string
			Steps []struct {
				Batch       *struct{ Number, Epoch uint64 }
				Gap         *struct{ First, Last, Epoch uint64 }
				Take        bool
				First, Last uint64
			}
		}
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Cases) < 5 {
		t.Errorf("%d cases", len(vectors.Cases))
	}
	for _, c := range vectors.Cases {
		var s sequence
		for i, step := range c.Steps {
			var first, last, epoch uint64
			if step.Batch != nil {
				first, last, epoch = step.Batch.Number, step.Batch.Number, step.Batch.Epoch
			} else {
				first, last, epoch = step.Gap.First, step.Gap.Last, step.Gap.Epoch
			}
			if i == 0 {
				s.start(first)
			}
			before := s.next
			if taken := s.judge(epoch, first, last) == take; taken != step.Take {
				t.Errorf("%s, step %d: taken %v", c.Name, i, taken)
			} else if from := max(first, before); taken && step.Gap != nil && (from != step.First || s.next-1 != step.Last) {
				t.Errorf("%s, step %d: took %d to %d", c.Name, i, from, s.next-1)
			}
		}
	}
}
