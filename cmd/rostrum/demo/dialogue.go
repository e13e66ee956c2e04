package demo

import (
	"bytes"
	"embed"
	"fmt"
	"io"

	"rostrum/mediaedge/ogg"
)

//go:embed clips/*.ogg
var clips embed.FS

// voice is who says a line.
type voice string

const (
	harbour voice = "harbour"
	beacon  voice = "beacon"
)

// line is one thing that a bot says: Opus packets of 20 ms.
type line struct {
	voice   voice
	packets [][]byte
}

// Speech answers what the bots say, for other programs that need something to say: clips of Opus packets of 20 ms.
func Speech() ([][][]byte, error) {
	dialogue, err := loadDialogue()
	if err != nil {
		return nil, err
	}
	clips := make([][][]byte, len(dialogue))
	for i, l := range dialogue {
		clips[i] = l.packets
	}
	return clips, nil
}

// loadDialogue reads the clips in the order in which they are said.
func loadDialogue() ([]line, error) {
	var out []line
	for n := 1; n <= 4; n++ {
		for _, v := range []voice{harbour, beacon} {
			packets, err := readClip(fmt.Sprintf("clips/%s-%d.ogg", v, n))
			if err != nil {
				return nil, err
			}
			out = append(out, line{v, packets})
		}
	}
	return out, nil
}

func readClip(name string) ([][]byte, error) {
	file, err := clips.ReadFile(name)
	if err != nil {
		return nil, err
	}
	reader, err := ogg.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var packets [][]byte
	for {
		packet, err := reader.Next()
		if err == io.EOF {
			return packets, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		packets = append(packets, packet)
	}
}
