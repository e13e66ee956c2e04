package view

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// TimeFrom answers whole milliseconds, as all times of the API are. Nil is 1970.
func TimeFrom(wire *timestamppb.Timestamp) time.Time { return wire.AsTime().Truncate(time.Millisecond) }
