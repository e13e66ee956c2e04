package cluster

import (
	"encoding/json"
	"os"
)

// enrolment is the token that lets edges in, as `rostrum setup keys` wrote it.
func (p plan) enrolment() string {
	text, err := os.ReadFile(p.path("keys.json"))
	if err != nil {
		return ""
	}
	var keys struct{ Enrolment string }
	_ = json.Unmarshal(text, &keys) // what is no token lets nobody in, and the edge says so
	return keys.Enrolment
}
