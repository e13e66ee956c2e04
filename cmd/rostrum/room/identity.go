package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rostrum/client/api"
)

const (
	maxFileBytes = 1 << 20
	// maxPeople bounds whom the file remembers of one gateway: the first, who is the default, and those made last.
	maxPeople = 64
	// lockWithin bounds the wait for another program that renews.
	lockWithin = 30 * time.Second
)

// identity is who one is at a gateway: tokens in a file that all programs of a person share.
type identity struct {
	file   string
	url    string
	name   string               // "": the first
	remark func(string, ...any) // tells what a person should know
}

// people are everybody in the file, by the URL of the gateway.
type people map[string][]api.Tokens

// identityFile is where people are kept.
func identityFile() (string, error) {
	if folder := os.Getenv("XDG_CONFIG_HOME"); folder != "" {
		return filepath.Join(folder, "rostrum", "identity.json"), nil
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for the identity: %w: set XDG_CONFIG_HOME", err)
	}
	return filepath.Join(folder, "rostrum", "identity.json"), nil
}

// me calls as the person of --name.
func (v *Verbs) me() (*api.Client, error) {
	file, err := identityFile()
	if err != nil {
		return nil, err
	}
	who := identity{file: file, url: strings.TrimRight(v.URL, "/"), name: v.Name, remark: func(format string, args ...any) {
		fmt.Fprintf(v.err(), format+"\n", args...)
	}}
	known, err := who.load()
	if err != nil {
		return nil, err
	}
	options := []api.Option{api.WithRenewal(who.renew)}
	if i := who.find(known); i >= 0 {
		options = append(options, api.WithTokens(known[who.url][i]))
	}
	return api.New(v.URL, options...), nil
}

// renew answers other tokens than those that are over: what another program got meanwhile, renewed ones, or those of a new
// guest, where there is none yet or the gateway has forgotten this one.
func (i identity) renew(ctx context.Context, over api.Tokens) (api.Tokens, error) {
	if err := os.MkdirAll(filepath.Dir(i.file), 0o700); err != nil {
		return api.Tokens{}, fmt.Errorf("keep the identity: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWithin)
	defer cancel()
	unlock, err := lock(ctx, i.file+".lock")
	if err != nil {
		return api.Tokens{}, err
	}
	defer unlock()
	known, err := i.load()
	if err != nil {
		return api.Tokens{}, err
	}
	client, at := api.New(i.url), i.find(known)
	var tokens api.Tokens
	switch {
	case at < 0:
		tokens, err = client.Guest(ctx, i.guestName())
	case known[i.url][at].AccessToken != over.AccessToken:
		return known[i.url][at], nil
	default:
		tokens, err = i.exchange(ctx, client, known[i.url][at])
	}
	if err != nil {
		return api.Tokens{}, err
	}
	if at < 0 {
		known[i.url] = append(known[i.url], tokens)
	} else {
		known[i.url][at] = tokens
	}
	return tokens, i.save(known)
}

// exchange renews tokens, or makes a guest of the same name where they are no good any more.
func (i identity) exchange(ctx context.Context, client *api.Client, old api.Tokens) (api.Tokens, error) {
	if old.RefreshToken != "" {
		tokens, err := client.Exchange(ctx, old.RefreshToken)
		switch api.CodeOf(err) {
		case "unauthenticated", "expired", "forbidden", "invalid", "not_found":
		default:
			return tokens, err
		}
	}
	tokens, err := client.Guest(ctx, old.User.Name)
	if err == nil {
		i.remark("%s knows %s no more: you are a new guest of that name", i.url, old.User.Name)
	}
	return tokens, err
}

func (i identity) guestName() string {
	for _, name := range []string{i.name, os.Getenv("USER")} {
		if name != "" {
			return name
		}
	}
	return "Guest"
}

// find answers the index of the person, or -1.
func (i identity) find(known people) int {
	return slices.IndexFunc(known[i.url], func(t api.Tokens) bool { return i.name == "" || strings.EqualFold(t.User.Name, i.name) })
}

func (i identity) load() (people, error) {
	raw, err := os.ReadFile(i.file)
	if errors.Is(err, fs.ErrNotExist) {
		return people{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	known := people{}
	if len(raw) > maxFileBytes || json.Unmarshal(raw, &known) != nil {
		return nil, fmt.Errorf("%s cannot be read: remove it to be a new person", i.file)
	}
	return known, nil
}

// save writes the file whole, for this user's eyes only.
func (i identity) save(known people) error {
	if all := known[i.url]; len(all) > maxPeople {
		known[i.url] = slices.Delete(all, 1, 1+len(all)-maxPeople)
	}
	raw, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the identity: %w", err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(i.file), "identity-*") // its mode is 0600
	if err != nil {
		return fmt.Errorf("keep the identity: %w", err)
	}
	_, err = fresh.Write(raw)
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), i.file)
	}
	if err != nil {
		return fmt.Errorf("keep the identity: %w", errors.Join(err, os.Remove(fresh.Name())))
	}
	return nil
}
