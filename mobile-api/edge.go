package mobileapi

import (
	"net/http"
	"net/url"
	"strings"

	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// maxEdges is how many edges a listener is told: enough to try elsewhere, few enough to read.
const maxEdges = 8

// wireEdge is Edge of openapi.yaml.
type wireEdge struct {
	Node      string `json:"node"`
	URL       string `json:"url"`
	Region    string `json:"region"`
	ListenURL string `json:"listen_url"`
	OggURL    string `json:"ogg_url"`
}

// edgesFrom completes the addresses of edges, best first. An edge whose address no listener could open is left out.
func edgesFrom(own *url.URL, edges []*signalingv1.Edge, room, oggGrant string) []wireEdge {
	out := make([]wireEdge, 0, min(len(edges), maxEdges))
	for _, edge := range edges {
		at, err := own.Parse(edge.GetUrl())
		if err != nil || !isAbsolute(at) || len(out) == maxEdges {
			continue
		}
		at = &url.URL{Scheme: at.Scheme, Host: at.Host, Path: strings.TrimRight(at.Path, "/")}
		listen := at.JoinPath("v1/rooms", room, "listen")
		listen.Scheme = map[string]string{"http": "ws", "https": "wss"}[at.Scheme]
		out = append(out, wireEdge{
			Node: edge.GetNode(), URL: at.String(), Region: edge.GetRegion(), ListenURL: listen.String(),
			OggURL: at.JoinPath("v1/rooms", room, oggGrant, "listen.ogg").String(),
		})
	}
	return out
}

// origin is where the caller reaches this door. What proxies add to a call is not believed: anyone can write it.
func origin(r *http.Request, public *url.URL) *url.URL {
	if public != nil {
		return public
	}
	if r.TLS != nil {
		return &url.URL{Scheme: "https", Host: r.Host}
	}
	return &url.URL{Scheme: "http", Host: r.Host}
}

func publicURL(text string) *url.URL {
	if text == "" {
		return nil
	}
	u, _ := url.Parse(text) // Config.Validate has read it
	return u
}

func isAbsolute(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }
