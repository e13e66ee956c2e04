package mobileapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"rostrum/internal/fault"
)

// readJSON reads a body into a struct of json-tagged fields, strictly: one object, names exactly as written and at
// most once, no null. Faults: unsupported_media, too_large, invalid with the field in its details.
func readJSON(r *request, into any) error {
	body, err := readBody(r, "application/json")
	if err != nil {
		return err
	}
	return decode(body, into)
}

// readOptional reads as readJSON does; a call without a body leaves into as it is.
func readOptional(r *request, into any) error {
	body, err := readAll(r)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := checkMedia(r, "application/json"); err != nil {
		return err
	}
	return decode(body, into)
}

// readBody reads a whole body of a media type. Faults: unsupported_media, too_large, timeout, invalid.
func readBody(r *request, media string) ([]byte, error) {
	if err := checkMedia(r, media); err != nil {
		return nil, err
	}
	return readAll(r)
}

func checkMedia(r *request, media string) error {
	given, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || given != media || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(fault.CodeUnsupportedMedia, "Content-Type must be %s", media)
	}
	return nil
}

func readAll(r *request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		return nil, fault.New(fault.CodeTooLarge, "a body has at most %d bytes", over.Limit)
	}
	if slow := net.Error(nil); errors.As(err, &slow) && slow.Timeout() {
		return nil, fault.New(fault.CodeTimeout, "the body did not arrive within %v", callTimeout)
	}
	if err != nil {
		return nil, fault.New(fault.CodeInvalid, "the body ended early").Because(err)
	}
	return body, nil
}

func decode(body []byte, into any) error {
	if !utf8.Valid(body) || !json.Valid(body) {
		return fault.Invalid("body", "one JSON object in UTF-8")
	}
	if err := inspect(body, fields(into)); err != nil {
		return err
	}
	err := json.Unmarshal(body, into)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		field, _, _ := strings.Cut(wrong.Field, ".")
		return fault.Invalid(field, kindName(wrong.Type))
	}
	if err != nil {
		return fault.Invalid("body", "as openapi.yaml says").Because(err)
	}
	return nil
}

// inspect refuses what encoding/json would quietly take: names in another case, names twice, null.
func inspect(body []byte, known map[string]bool) error {
	tokens := json.NewDecoder(bytes.NewReader(body))
	if first, err := tokens.Token(); err != nil || first != json.Delim('{') {
		return fault.Invalid("body", "a JSON object")
	}
	seen := make(map[string]bool, len(known))
	for tokens.More() {
		token, err := tokens.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return fault.Invalid("body", "a JSON object").Because(err)
		}
		if !known[name] {
			return fault.Invalid(brief(name), "left out: there is no such field")
		}
		if seen[name] {
			return fault.Invalid(name, "there once")
		}
		seen[name] = true
		if err := inspectValue(tokens, name); err != nil {
			return err
		}
	}
	return nil
}

// inspectValue reads one value. It counts depth instead of recursing, so that nesting costs nothing.
func inspectValue(tokens *json.Decoder, name string) error {
	for depth := 0; ; {
		token, err := tokens.Token()
		if err != nil {
			return fault.Invalid(name, "JSON").Because(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		case nil:
			return fault.Invalid(name, "there or left out, not null")
		}
		if depth == 0 {
			return nil
		}
	}
}

// fields are the names that a struct has in JSON.
func fields(into any) map[string]bool {
	of := reflect.TypeOf(into).Elem()
	known := make(map[string]bool, of.NumField())
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		known[name] = true
	}
	return known
}

func kindName(of reflect.Type) string {
	switch of.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list of strings"
	}
	return "a whole number that fits"
}

// brief cuts what a caller wrote to a length that an answer may repeat.
func brief(text string) string {
	if text == "" {
		return `""`
	}
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}
