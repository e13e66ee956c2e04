package speaker

import (
	"fmt"
	"net"
	"net/url"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

const clockRate = 48000

var opus = webrtc.RTPCodecParameters{
	RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: clockRate, Channels: 2,
		SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1",
	},
	PayloadType: 111,
}

func newPeer(config Config) (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("register opus: %w", err)
	}
	reports := &interceptor.Registry{}
	if err := webrtc.ConfigureRTCPReports(reports); err != nil {
		return nil, fmt.Errorf("register reports: %w", err)
	}
	settings := webrtc.SettingEngine{}
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(isLoopback(config.URL))
	settings.SetDTLSInsecureSkipHelloVerify(true)
	settings.SetICETimeouts(config.Silence*3/4, config.Silence/4, config.Silence/10)
	settings.SetFireOnTrackBeforeFirstRTP(true)
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(reports), webrtc.WithSettingEngine(settings))
	return api.NewPeerConnection(webrtc.Configuration{})
}

// addSections makes the microphone and the slots, in the order in which the service reads them.
func (s *Speaker) addSections(slots int) error {
	track, err := webrtc.NewTrackLocalStaticRTP(opus.RTPCodecCapability, "microphone", "speaker")
	if err != nil {
		return fmt.Errorf("make microphone: %w", err)
	}
	section, err := s.peer.AddTransceiverFromTrack(track,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return fmt.Errorf("add microphone: %w", err)
	}
	s.microphone = newMicrophone(track)
	s.start(func() { drain(section.Sender()) })
	for range slots {
		_, err := s.peer.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio,
			webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			return fmt.Errorf("add slot: %w", err)
		}
	}
	return nil
}

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
