package speaker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

const maxAnswerBytes = 256 << 10

// whip is the HTTP side of a session (RFC 9725).
type whip struct {
	client   *http.Client
	token    string
	endpoint string

	mu       sync.Mutex
	resource string // "" before the session and after it
	etag     string
}

// post opens the session and answers the SDP answer.
func (w *whip) post(ctx context.Context, offer string) (string, error) {
	response, answer, err := w.send(ctx, http.MethodPost, w.endpoint, "application/sdp", "", offer)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusCreated {
		return "", readError(response.StatusCode, answer)
	}
	location, err := response.Location() // relative ones are resolved against the request
	if err != nil {
		return "", fmt.Errorf("speaker: the answer names no session: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resource, w.etag = location.String(), response.Header.Get("ETag")
	return string(answer), nil
}

// patch sends a fragment and answers that of the service; "" where it needs nothing.
func (w *whip) patch(ctx context.Context, fragment string) (string, error) {
	w.mu.Lock()
	resource, etag := w.resource, w.etag
	w.mu.Unlock()
	if resource == "" {
		return "", errors.New("speaker: the session has ended")
	}
	response, answer, err := w.send(ctx, http.MethodPatch, resource, "application/trickle-ice-sdpfrag", etag, fragment)
	if err != nil {
		return "", err
	}
	switch response.StatusCode {
	case http.StatusNoContent:
		return "", nil
	case http.StatusOK:
	default:
		return "", readError(response.StatusCode, answer)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if renewed := response.Header.Get("ETag"); renewed != "" {
		w.etag = renewed
	}
	return string(answer), nil
}

// remove ends the session, once.
func (w *whip) remove(ctx context.Context) error {
	w.mu.Lock()
	resource := w.resource
	w.resource = ""
	w.mu.Unlock()
	if resource == "" {
		return nil
	}
	response, answer, err := w.send(ctx, http.MethodDelete, resource, "", "", "")
	if err != nil {
		return err
	}
	if gone := response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusGone; !gone && response.StatusCode/100 != 2 {
		return readError(response.StatusCode, answer)
	}
	return nil
}

func (w *whip) send(ctx context.Context, method, address, kind, match, body string) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("speaker: %w", err)
	}
	if w.token != "" {
		request.Header.Set("Authorization", "Bearer "+w.token)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if match != "" {
		request.Header.Set("If-Match", match)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, nil, fmt.Errorf("speaker: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return nil, nil, fmt.Errorf("speaker: read answer: %w", err)
	}
	return response, answer, nil
}
