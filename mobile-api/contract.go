package mobileapi

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.yaml
var openAPI []byte

// contract serves openapi.yaml.
func contract(*request) (answer, error) {
	return answer{
		status: http.StatusOK, media: "application/yaml; charset=utf-8", body: openAPI,
		header: map[string]string{"Cache-Control": "public, max-age=300"},
	}, nil
}
