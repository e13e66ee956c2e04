//go:build !race

package listenerstate

const raceEnabled = false
