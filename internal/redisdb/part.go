package redisdb

import "strings"

// Parts is into how many parts of the same size the slots of a cluster are divided here. What a single Redis has once, and
// every shard of a cluster should have, is kept once per part: clusters of up to as many shards, none of which has few
// slots, have some of it everywhere.
const Parts = 16

// tags are hash tags whose slots lie in the middle of the parts, in order.
var tags = [Parts]string{"18", "5x", "dj", "3r", "d2", "pv", "uh", "iy", "ly", "h9", "uv", "q6", "9s", "5f", "dt", "ha"}

// Tag answers the hash tag of a part, without braces.
func Tag(part int) string { return tags[part] }

// Part answers the part in which a key lies, from 0.
func Part(key string) int { return slot(key) / (slots / Parts) }

const slots = 1 << 14

// slot answers a key's slot: CRC-16/XMODEM of its hash tag, or of all of it where it has none.
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
func slot(key string) int {
	if _, behind, found := strings.Cut(key, "{"); found {
		if tag, _, closed := strings.Cut(behind, "}"); closed && tag != "" {
			key = tag
		}
	}
	var sum uint16
	for i := range len(key) {
		sum ^= uint16(key[i]) << 8
		for range 8 {
			high := sum&0x8000 != 0
			sum <<= 1
			if high {
				sum ^= 0x1021
			}
		}
	}
	return int(sum) % slots
}
