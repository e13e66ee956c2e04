// Command build makes web/dist from web/src with esbuild. With -check it compares instead and fails on a difference.
//
//	go run ./web/build [-check]
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	sources = "web/src"
	target  = "web/dist"
)

// copied go to dist as they are.
var copied = []string{"index.html", "icon.svg", "rostrum.webmanifest"}

func main() {
	check := flag.Bool("check", false, "compare with web/dist instead of writing it")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check bool) error {
	files, err := build()
	if err != nil {
		return err
	}
	if check {
		return compare(files)
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(target, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build answers every file of dist by name.
func build() (map[string][]byte, error) {
	result := api.Build(api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{
			{InputPath: sources + "/app/main.ts", OutputPath: "app"},
			{InputPath: sources + "/listen/worklet.ts", OutputPath: "worklet"},
			{InputPath: sources + "/style/app.css", OutputPath: "style"},
		},
		Outdir:            target,
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		LegalComments:     api.LegalCommentsNone,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LogLevel:          api.LogLevelWarning,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%d errors in %s", len(result.Errors), sources)
	}
	files := map[string][]byte{}
	for _, file := range result.OutputFiles {
		files[filepath.Base(file.Path)] = file.Contents
	}
	for _, name := range copied {
		content, err := os.ReadFile(filepath.Join(sources, name))
		if err != nil {
			return nil, err
		}
		files[name] = content
	}
	return files, nil
}

// compare says everything in which dist is not what the sources make.
func compare(files map[string][]byte) error {
	var faults []error
	for name, content := range files {
		there, err := os.ReadFile(filepath.Join(target, name))
		if err != nil || !bytes.Equal(there, content) {
			faults = append(faults, fmt.Errorf("%s/%s is not what %s makes: go run ./web/build", target, name, sources))
		}
	}
	err := filepath.Walk(target, func(path string, entry os.FileInfo, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if _, made := files[strings.TrimPrefix(filepath.ToSlash(path), target+"/")]; !made {
			faults = append(faults, fmt.Errorf("%s is made by nothing in %s", path, sources))
		}
		return nil
	})
	return errors.Join(append(faults, err)...)
}
