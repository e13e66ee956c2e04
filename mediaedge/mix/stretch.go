package mix

import "math"

// Stretch answers x made longer by some samples (shorter where by is negative), appended to dst: a crossfade of x with
// itself, displaced, over all of its length. Both ends stay as they are, so what comes before and after still fits.
// |by| must be at most half of len(x). dst and x must not overlap.
func Stretch(dst, x []float32, by int) []float32 {
	n := len(x)
	early, late := x, x // early leads, late is heard at the end
	switch {
	case by > 0:
		dst = append(dst, x[:by]...)
		early, late = x[by:], x[:n-by]
	case by < 0:
		early, late = x[:n+by], x[-by:]
	}
	step := 1 / float32(len(early))
	var w float32
	for i, v := range early {
		dst = append(dst, v+(late[i]-v)*w)
		w += step
	}
	if by > 0 {
		dst = append(dst, x[n-by:]...)
	}
	return dst
}

// Period answers the displacement from least to most samples at which x resembles itself best, and how well: the
// normalised correlation, 1 for a perfect repetition. Searched on every fourth sample, then around the best.
func Period(x []float32, least, most int) (int, float64) {
	best, likeness := least, -1.0
	try := func(by, stride int) {
		if c := Likeness(x[by:], x[:len(x)-by], stride); c > likeness {
			best, likeness = by, c
		}
	}
	for by := least; by <= most; by += 4 {
		try(by, 4)
	}
	coarse := best
	likeness = -1
	for by := max(coarse-4, least); by <= min(coarse+4, most); by++ {
		try(by, 1)
	}
	return best, likeness
}

// Likeness is the normalised correlation of two signals, looked at on every stride-th sample: 1 for the same up to a
// gain, 0 for nothing in common or silence.
func Likeness(a, b []float32, stride int) float64 {
	var ab, aa, bb float32
	for i := 0; i < len(a) && i < len(b); i += stride {
		ab += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float64(ab) / math.Sqrt(float64(aa)*float64(bb))
}
