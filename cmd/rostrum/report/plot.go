package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Point is a value at a time, in seconds since the beginning.
type Point struct{ X, Y float64 }

// Series is a line of a plot.
type Series struct {
	Name   string
	Points []Point // rising in X
}

// Plot is lines over time.
type Plot struct {
	Title  string
	Unit   string // of Y
	Series []Series
}

// plane is the side of the square that lines are drawn in; the page stretches it.
const plane = 1000

// drawn is a plot as the page shows it: lines in a plane, and where the labels of both axes stand, in percent.
type drawn struct {
	Title, Unit, Words string
	X, Y               []label
	Lines              []line
}

type label struct {
	At   float64 // percent
	Line string  // the same in the plane
	Text string
}

// colours are as many as the page has; further lines are dashed.
const colours = 8

type line struct {
	Place  int // of its colour
	Dash   int // of what tells it from others of the same colour
	Name   string
	Last   string
	Points string
}

// draw fits a plot into the plane. Both axes begin at zero.
func (p Plot) draw() drawn {
	right, top := 1.0, 0.0
	for _, s := range p.Series {
		for _, at := range s.Points {
			right, top = max(right, at.X), max(top, at.Y)
		}
	}
	step := nice(top / 4)
	top = max(step, math.Ceil(top/step-1e-9)*step)
	out := drawn{Title: p.Title, Unit: p.Unit}
	for y := 0.0; y <= top+step/2; y += step {
		out.Y = append(out.Y, label{At: 100 * y / top, Line: coordinate(plane - plane*y/top), Text: number(y)})
	}
	wide := nice(right / 5)
	for x := 0.0; x <= right; x += wide {
		out.X = append(out.X, label{At: 100 * x / right, Line: coordinate(plane * x / right), Text: number(x)})
	}
	var words []string
	for i, s := range p.Series {
		l := line{Place: i % colours, Dash: i / colours % 3, Name: s.Name}
		var points strings.Builder
		for _, at := range s.Points {
			fmt.Fprintf(&points, "%s,%s ", coordinate(plane*at.X/right), coordinate(plane-plane*max(0, at.Y)/top))
		}
		l.Points = strings.TrimRight(points.String(), " ")
		if n := len(s.Points); n > 0 {
			l.Last = number(s.Points[n-1].Y)
			words = append(words, fmt.Sprintf("%s ends at %s", s.Name, l.Last))
		}
		out.Lines = append(out.Lines, l)
	}
	out.Words = strings.TrimSpace(p.Title + " in " + p.Unit + ": " + strings.Join(words, ", "))
	return out
}

// nice is 1, 2 or 5 times a power of ten, not below a value.
func nice(value float64) float64 {
	if value <= 0 || math.IsNaN(value) || math.IsInf(value, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(value)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= value*(1-1e-9) {
			return times * power
		}
	}
	return 10 * power
}

func coordinate(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// number writes a value with three digits that count.
func number(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	text := strconv.FormatFloat(v, 'f', min(digits, 6), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
