package report

import "strings"

// Invariant is something that must hold, whatever happens while a command runs.
type Invariant struct {
	Name   string // a key of the result, such as "lost"
	Broken string // a sentence that says how it was broken; "": it held
}

// BrokenError says which invariants did not hold.
type BrokenError struct{ Broken []Invariant }

func (e *BrokenError) Error() string {
	sentences := make([]string, len(e.Broken))
	for i, b := range e.Broken {
		sentences[i] = b.Broken
	}
	return "an invariant is broken: " + strings.Join(sentences, "; ")
}

// Check answers a *BrokenError where one of them did not hold.
func Check(invariants []Invariant) error {
	var broken []Invariant
	for _, i := range invariants {
		if i.Broken != "" {
			broken = append(broken, i)
		}
	}
	if broken == nil {
		return nil
	}
	return &BrokenError{broken}
}
