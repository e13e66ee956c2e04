package room

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/text"
)

const (
	maxTitle       = 100 // graphemes
	maxDescription = 2000
	maxHostName    = 40
	maxZone        = 64 // bytes
	maxLanguage    = 35 // bytes; RFC 5646 section 4.4.1
	maxSpeakers    = 100
	maxSeats       = 100
	defaultSeats   = 20
	// farthest is how long ahead a room can be scheduled; latest how long ago, so that a request that was good stays so
	// while its idempotency key is remembered.
	farthest = 366 * 24 * time.Hour
	latest   = claimKept + 5*time.Minute
)

// Draft asks for a room.
type Draft struct {
	App           id.App
	Host          id.User
	HostName      string
	Title         string
	Description   string
	Language      string
	Zone          string
	OpenStage     bool
	OpenListening bool
	MaxSeats      uint32
	Speakers      []string
	Scheduled     time.Time
}

// room decides what a draft becomes.
func (d Draft) room(room id.Room, now time.Time) (Room, error) {
	r := Room{
		App: d.App, ID: room, Language: d.Language, Zone: d.Zone, Host: d.Host, State: StateScheduled, OpenStage: d.OpenStage,
		OpenListening: d.OpenListening, MaxSeats: d.MaxSeats, Created: now, Scheduled: d.Scheduled, Version: 1,
	}
	var err error
	if r.Title, err = text.Line("title", d.Title, 1, maxTitle); err != nil {
		return Room{}, err
	}
	if r.Description, err = text.Paragraphs("description", d.Description, 0, maxDescription); err != nil {
		return Room{}, err
	}
	if r.HostName, err = text.Line("user_name", d.HostName, 1, maxHostName); err != nil {
		return Room{}, err
	}
	if r.Speakers, err = d.speakers(); err != nil {
		return Room{}, err
	}
	if r.Zone == "" {
		r.Zone = "UTC"
	}
	if r.MaxSeats == 0 {
		r.MaxSeats = defaultSeats
	}
	return r, r.check(now)
}

// check bounds what is not text for people.
func (r Room) check(now time.Time) error {
	if !isLanguage(r.Language) {
		return fault.Invalid("language", "a BCP 47 tag")
	}
	if !isZone(r.Zone) {
		return fault.Invalid("time_zone", "an IANA time zone")
	}
	if r.MaxSeats > maxSeats {
		return fault.Invalid("max_seats", fmt.Sprintf("1 to %d", maxSeats))
	}
	if !r.Scheduled.IsZero() && (r.Scheduled.Before(now.Add(-latest)) || r.Scheduled.After(now.Add(farthest))) {
		return fault.Invalid("scheduled_for", "within a year from now")
	}
	return nil
}

// speakers are those of the draft, each once and without the host.
func (d Draft) speakers() ([]id.User, error) {
	if len(d.Speakers) > maxSpeakers {
		return nil, fault.Invalid("speakers", fmt.Sprintf("at most %d people", maxSpeakers))
	}
	var speakers []id.User
	for _, name := range d.Speakers {
		user, err := id.ParseUser(name)
		if err != nil {
			return nil, fault.Invalid("speakers", "user ids")
		}
		if user != d.Host && !slices.Contains(speakers, user) {
			speakers = append(speakers, user)
		}
	}
	return speakers, nil
}

func isZone(name string) bool {
	if len(name) > maxZone || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name) // knows no path out of its folder
	return err == nil
}

// isLanguage accepts the form of a BCP 47 tag (RFC 5646 section 2.1), not only registered ones, and none at all.
func isLanguage(tag string) bool {
	if tag == "" {
		return true
	}
	if len(tag) > maxLanguage {
		return false
	}
	for i, subtag := range strings.Split(tag, "-") {
		least, allowed := 1, "abcdefghijklmnopqrstuvwxyz0123456789"
		if i == 0 {
			least, allowed = 2, "abcdefghijklmnopqrstuvwxyz"
		}
		if len(subtag) < least || len(subtag) > 8 || strings.Trim(strings.ToLower(subtag), allowed) != "" {
			return false
		}
	}
	return true
}

// sum is what two requests under one idempotency key are compared by.
func (d Draft) sum() ([sha256.Size]byte, error) {
	d.Scheduled = d.Scheduled.UTC()
	encoded, err := json.Marshal(d)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encode draft: %w", err)
	}
	return sha256.Sum256(encoded), nil
}
