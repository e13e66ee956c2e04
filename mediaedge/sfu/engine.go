package sfu

import (
	"fmt"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"rostrum/mediaedge/audio"
)

const (
	opusPayload = 111
	redPayload  = 63
	// readBytes is above MaxPacketBytes, so that a packet that is too large is seen as such.
	readBytes = 2048

	midURI   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	levelURI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level" // RFC 6464
)

var (
	opusCodec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: audio.SampleRate, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1",
		},
		PayloadType: opusPayload,
	}
	redCodec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: "audio/red", ClockRate: audio.SampleRate, Channels: 2, SDPFmtpLine: "111/111",
		},
		PayloadType: redPayload,
	}
)

// engine is what all sessions have in common.
type engine struct {
	media    *webrtc.MediaEngine
	settings webrtc.SettingEngine
}

func newEngine(config Config, port *port) (*engine, error) {
	media := &webrtc.MediaEngine{}
	for _, codec := range []webrtc.RTPCodecParameters{opusCodec, redCodec} {
		if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("register %s: %w", codec.MimeType, err)
		}
	}
	for _, uri := range []string{midURI, levelURI} {
		extension := webrtc.RTPHeaderExtensionCapability{URI: uri}
		if err := media.RegisterHeaderExtension(extension, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("register %s: %w", uri, err)
		}
	}
	settings, err := newSettings(config, port)
	if err != nil {
		return nil, err
	}
	return &engine{media, settings}, nil
}

// newPeer makes a connection. It has no interceptors: reports are made by the room (report.go), which knows media time,
// and a chain of them would allocate for every packet.
func (e *engine) newPeer(streams *streams) (*webrtc.PeerConnection, error) {
	settings := e.settings
	settings.BufferFactory = streams.buffer
	return webrtc.NewAPI(
		webrtc.WithMediaEngine(e.media), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	).NewPeerConnection(webrtc.Configuration{})
}

func newSettings(config Config, port *port) (webrtc.SettingEngine, error) {
	settings := webrtc.SettingEngine{LoggerFactory: pionLogs{config.Log}}
	settings.SetICEUDPMux(port.udp)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if port.tcp != nil {
		settings.SetICETCPMux(port.tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	settings.SetNetworkTypes(networks)
	settings.DisableActiveTCP(true) // an offer must not make this machine dial
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(config.LoopbackCandidates)
	settings.SetICETimeouts(config.LostAfter/2, config.LostAfter/2, config.LostAfter/10)
	settings.SetDTLSInsecureSkipHelloVerify(true) // the address is verified by ICE already: one round trip less
	settings.SetFireOnTrackBeforeFirstRTP(true)
	settings.SetReceiveMTU(readBytes)
	if len(config.AdvertiseIPs) == 0 {
		return settings, nil
	}
	rule := webrtc.ICEAddressRewriteRule{AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteReplace}
	for _, ip := range config.AdvertiseIPs {
		rule.External = append(rule.External, ip.String())
	}
	if err := settings.SetICEAddressRewriteRules(rule); err != nil {
		return settings, fmt.Errorf("advertise %v: %w", config.AdvertiseIPs, err)
	}
	return settings, nil
}
