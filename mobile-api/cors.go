package mobileapi

import (
	"net/http"
	"strings"
)

// open lets browsers of any origin read the answer. No cookie is ever used, so a foreign page gains nothing that it
// could not do from its own server.
func open(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Allow, ETag, Location, Retry-After, X-Request-Id")
}

// preflight answers an OPTIONS call. Browsers keep it for two hours at most.
func preflight(w http.ResponseWriter, methods []string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, X-Request-Id")
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}
