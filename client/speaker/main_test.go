package speaker

import (
	"testing"

	"rostrum/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
