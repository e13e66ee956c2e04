package view

// Viewer is whom a stage is shown to. There is no third kind of person, and no exception for one.
type Viewer uint8

const (
	Person Viewer = iota
	Moderator
	Viewers // how many there are
)

// String is the viewer as the field view has it.
func (v Viewer) String() string {
	if v == Moderator {
		return "moderator"
	}
	return "person"
}
