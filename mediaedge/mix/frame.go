// Package mix owns the arithmetic of sound: frames and their sum, levels, levelling, limiting, stretching, and libopus.
// It knows neither rooms nor networks.
package mix

import (
	"math"

	"rostrum/mediaedge/audio"
)

// Frame is 20 ms of mono at 48 kHz; full scale is -1 to 1.
type Frame [audio.FrameTicks]float32

// Add sums g into f.
func (f *Frame) Add(g *Frame) {
	for i, x := range g {
		f[i] += x
	}
}

// Ramp multiplies f with a gain that goes in a straight line from one value to another: a fade of 20 ms.
func (f *Frame) Ramp(from, to float32) {
	if from == 1 && to == 1 {
		return
	}
	step := (to - from) / float32(len(f))
	for i := range f {
		f[i] *= from
		from += step
	}
}

// Power is the mean square of the frame, 1 for a square wave at full scale.
func (f *Frame) Power() float64 { return Power(f[:]) }

// Power is the mean square of samples; 0 for none.
func Power(x []float32) float64 {
	var a, b, c, d float32 // four sums, so that additions overlap
	i := 0
	for ; i+4 <= len(x); i += 4 {
		q := x[i : i+4 : i+4]
		a += q[0] * q[0]
		b += q[1] * q[1]
		c += q[2] * q[2]
		d += q[3] * q[3]
	}
	for ; i < len(x); i++ {
		a += x[i] * x[i]
	}
	return float64(a+b+c+d) / float64(max(len(x), 1))
}

// peak is the largest magnitude in x.
func peak(x []float32) float32 {
	var most float32
	for _, v := range x {
		if v < 0 {
			v = -v
		}
		if v > most {
			most = v
		}
	}
	return most
}

// Decibels is the level of a power relative to full scale (dBov): 0 is the loudest, never below -127.
func Decibels(power float64) float64 {
	if power <= 2e-13 {
		return -127
	}
	return 10 * math.Log10(power)
}

// DBov is a level as RFC 6464 and RFC 6465 carry it: -dBov, 0 the loudest, 127 digital silence.
func DBov(power float64) uint8 {
	return uint8(math.Round(min(max(-Decibels(power), 0), audio.Silence)))
}

// gain is the factor of a gain in decibels.
func gain(db float64) float32 { return float32(math.Pow(10, db/20)) }
