package migrate

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Created is the file that [Create] wrote.
type Created struct {
	Version int64  `json:"version"`
	File    string `json:"file"`
}

const template = `-- +goose Up

-- +goose Down
`

var wordBreaks = regexp.MustCompile(`[^a-z0-9]+`)

// Create writes an empty migration into dir, an existing directory, and gives it
// the version after the last: the next number in five digits, or the present
// time (UTC, to the second) when the files there have times for versions. The
// file's name is made of name in lower case with underscores between words; a
// name without a letter or digit is an error. A file that exists is never
// overwritten. The new file is valid, and does nothing until it has a statement.
func Create(dir, name string) (Created, error) {
	slug := strings.Trim(wordBreaks.ReplaceAllString(strings.ToLower(name), "_"), "_")
	if slug == "" {
		return Created{}, fmt.Errorf("create migration: the name %q has no letter or digit from a-z, 0-9", name)
	}
	set, err := load(os.DirFS(dir), dir)
	if err != nil {
		return Created{}, err
	}
	version := nextVersion(set.latest(), time.Now())
	path := filepath.Join(dir, fmt.Sprintf("%05d_%s.sql", version, slug))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return Created{}, fmt.Errorf("create migration: %w", err)
	}
	_, err = file.WriteString(template)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return Created{}, fmt.Errorf("create migration: %w", err)
	}
	return Created{Version: version, File: path}, nil
}

// nextVersion never goes back, whatever the clock says.
func nextVersion(last int64, now time.Time) int64 {
	if last < timestampVersion {
		return last + 1
	}
	version, err := strconv.ParseInt(now.UTC().Format("20060102150405"), 10, 64)
	if err != nil {
		return last + 1
	}
	return max(version, last+1)
}
