package mobileapi

import (
	"fmt"
	"net/http"

	"rostrum/internal/fault"
	accountv1 "rostrum/proto/rostrum/account/v1"
)

func (p people) refresh(r *request) (answer, error) {
	var in struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := readJSON(r, &in); err != nil {
		return answer{}, err
	}
	if in.RefreshToken == "" {
		return answer{}, fault.Invalid("refresh_token", "there")
	}
	if wait := p.refreshes.take(network(r.RemoteAddr), p.now()); wait > 0 {
		return answer{}, fault.New(fault.CodeRateLimited, "too many tokens are renewed from this address").In(wait)
	}
	made, err := p.accounts.Refresh(r.Context(), &accountv1.RefreshRequest{App: string(r.app), RefreshToken: in.RefreshToken})
	if err != nil {
		return answer{}, fmt.Errorf("refresh tokens: %w", err)
	}
	return inJSON(http.StatusOK, tokensFrom(made))
}
