package room

import (
	"io"
	"os"
	"strings"
)

// screen is a terminal that is drawn anew in place.
type screen struct {
	file *os.File
	ink  ink
}

// newScreen takes over a terminal: its other screen, without a cursor. It answers nil where out is none.
func newScreen(out io.Writer) *screen {
	file, isFile := out.(*os.File)
	if !isFile {
		return nil
	}
	if _, _, isTerminal := size(file); !isTerminal {
		return nil
	}
	s := &screen{file: file, ink: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	_, _ = io.WriteString(file, "\x1b[?1049h\x1b[?25l")
	return s
}

// size answers columns and lines; what cannot be asked is 80 by 24.
func (s *screen) size() (width, height int) {
	width, height, known := size(s.file)
	if !known || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// show draws lines over the ones before, in one write: nothing is cleared that is not written again.
func (s *screen) show(lines []string) error {
	_, err := io.WriteString(s.file, frame(lines))
	return err
}

// frame is what a terminal needs to show lines and nothing else.
func frame(lines []string) string {
	var out strings.Builder
	out.WriteString("\x1b[?2026h\x1b[H") // at once where the terminal can, from the corner
	for i, line := range lines {
		if i > 0 {
			out.WriteString("\r\n")
		}
		out.WriteString(line)
		out.WriteString("\x1b[K")
	}
	out.WriteString("\x1b[J\x1b[?2026l")
	return out.String()
}

// close gives the terminal back as it was.
func (s *screen) close() {
	_, _ = io.WriteString(s.file, "\x1b[?25h\x1b[?1049l")
}
