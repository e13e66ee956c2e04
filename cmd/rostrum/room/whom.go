package room

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rostrum/client/api"
	"rostrum/internal/id"
)

// someone is a person that a stage knows, and from where.
type someone struct{ user, name, where string }

// whom answers the person that a text names: "me" or nothing, a user's id, a place in the hand queue such as "#3", or a
// name on stage or in the queue, or the beginning of one, that only one person has.
func whom(ctx context.Context, client *api.Client, room Room, text string) (someone, error) {
	if text == "" || text == api.Me {
		return someone{user: api.Me, name: "You"}, nil
	}
	if user, err := id.ParseUser(text); err == nil {
		return someone{user: string(user), name: text}, nil
	}
	stage, err := client.Stage(ctx, string(room))
	if err != nil {
		return someone{}, err
	}
	if place, isPlace := strings.CutPrefix(text, "#"); isPlace {
		return atPlace(stage, place)
	}
	return called(stage, text)
}

func atPlace(stage api.Stage, text string) (someone, error) {
	place, err := strconv.Atoi(text)
	switch {
	case err != nil || place < 1:
		return someone{}, fmt.Errorf("#%s is no place in the queue: #1 is the first", text)
	case stage.View != api.ModeratorView:
		return someone{}, fmt.Errorf("only the host and moderators see the queue: say the person's id (us_…)")
	case place > len(stage.Hands):
		return someone{}, fmt.Errorf("there is no hand #%d: %s up", place, count(len(stage.Hands), "hand is", "hands are"))
	}
	hand := stage.Hands[place-1]
	return someone{user: hand.User, name: hand.Name}, nil
}

func everybody(stage api.Stage) []someone {
	var all []someone
	add := func(user, name, where string) {
		if !slices.ContainsFunc(all, func(s someone) bool { return s.user == user }) {
			all = append(all, someone{user, name, where})
		}
	}
	for _, s := range stage.Seats {
		add(s.User, s.Name, fmt.Sprintf("seat %d", s.Seat))
	}
	for _, i := range stage.Invites {
		add(i.User, i.Name, "invited")
	}
	for i, h := range stage.Hands {
		add(h.User, h.Name, fmt.Sprintf("#%d", i+1))
	}
	return all
}

func called(stage api.Stage, name string) (someone, error) {
	all := everybody(stage)
	found := slices.DeleteFunc(slices.Clone(all), func(s someone) bool { return !strings.EqualFold(s.name, name) })
	if len(found) == 0 {
		found = slices.DeleteFunc(slices.Clone(all), func(s someone) bool {
			return !strings.HasPrefix(strings.ToLower(s.name), strings.ToLower(name))
		})
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return someone{}, fmt.Errorf("%q may be %s: say the id", name, listed(found))
	case len(all) == 0:
		return someone{}, fmt.Errorf("nobody called %q is here: say the person's id (us_…)", name)
	}
	return someone{}, fmt.Errorf("nobody called %q is here; there are %s. Others are named by id (us_…)", name, listed(all))
}

// listed names at most eight people.
func listed(all []someone) string {
	var out []string
	for _, s := range all[:min(len(all), 8)] {
		out = append(out, fmt.Sprintf("%s (%s, %s)", clean(s.name), s.where, s.user))
	}
	if n := len(all) - len(out); n > 0 {
		out = append(out, fmt.Sprintf("%d more", n))
	}
	return strings.Join(out, ", ")
}

// count answers "1 hand", "2 hands".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
