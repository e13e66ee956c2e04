package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
)

//go:embed page.html
var pageHTML string

// Page is a report for a browser: one file without scripts or anything from elsewhere.
type Page struct {
	Title   string
	Lead    string // what was measured, in a sentence
	Verdict string // what came of it
	Broken  bool
	Tables  []Table
	Plots   []Plot
}

// Write writes the page.
func (p Page) Write(w io.Writer) error {
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	plots := make([]drawn, len(p.Plots))
	for i, plot := range p.Plots {
		plots[i] = plot.draw()
	}
	if err := page.Execute(w, struct {
		Page
		Drawn []drawn
	}{p, plots}); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// WriteFile writes the page to a file, whole or not at all.
func (p Page) WriteFile(name string) error {
	fresh, err := os.CreateTemp(filepath.Dir(name), ".page-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	err = errors.Join(p.Write(fresh), fresh.Chmod(0o644))
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(fresh.Name())))
	}
	return nil
}
