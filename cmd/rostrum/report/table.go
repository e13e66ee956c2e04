package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is figures in rows. The first column names them.
type Table struct {
	Title   string
	Columns []string // may be empty
	Rows    [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// WriteTables writes tables for a terminal, one below the other: names to the left, figures to the right.
func WriteTables(w io.Writer, tables ...Table) error {
	for _, t := range tables {
		if len(t.Rows) == 0 {
			continue
		}
		if err := t.write(w); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
	}
	return nil
}

func (t *Table) write(w io.Writer) error {
	rows := t.Rows
	if len(t.Columns) > 0 {
		rows = append([][]string{t.Columns}, rows...)
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s\n", t.Title)
	for _, row := range rows {
		line := " "
		for i, cell := range row {
			blank := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line += " " + cell + blank
			} else {
				line += "  " + blank + cell
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
