package migrate

import (
	"regexp"
	"strings"
)

// formats are those of other tools, and how a file of theirs is known.
var formats = []struct {
	tool string
	name *regexp.Regexp // of the file
	text *regexp.Regexp
}{
	{tool: "golang-migrate", name: regexp.MustCompile(`\.(up|down)\.sql$`)},
	{tool: "Flyway", name: regexp.MustCompile(`^([VU]\d.*|R)__.*\.sql$`)},
	{tool: "dbmate", text: regexp.MustCompile(`(?m)^--\s*migrate:(up|down)\b`)},
	{tool: "sql-migrate", text: regexp.MustCompile(`(?mi)^--\s*\+migrate\s+(up|down)\b`)},
	{tool: "tern", text: regexp.MustCompile(`(?mi)^----\s*create above / drop below\s*----`)},
}

// checkFormat replaces the errors that follow from another tool's format by one
// that names it, when goose's is in none of the files.
func (set *fileSet) checkFormat() {
	tool, file := "", ""
	for _, s := range set.scripts {
		switch found := s.format(); {
		case s.upLine > 0 || s.downLine > 0:
			return
		case tool == "" && found != "":
			tool, file = found, s.name
		}
	}
	for _, p := range set.problems {
		name := p.File[strings.LastIndexByte(p.File, '/')+1:]
		if found := (&script{name: name}).format(); tool == "" && found != "" {
			tool, file = found, name
		}
	}
	if tool == "" {
		return
	}
	set.problems = nil
	for _, s := range set.scripts {
		s.problems = nil
	}
	set.report("", Error, "the files here are "+tool+"'s, as "+file+" is; the migrations must be goose's: one file for each version, "+
		"as in 00001_name.sql, with \"-- +goose Up\" and \"-- +goose Down\"")
}

// format returns the tool that a file is for, "" when that is goose or not known.
func (s *script) format() string {
	for _, f := range formats {
		if f.name != nil && f.name.MatchString(s.name) || f.text != nil && f.text.Match(s.data) {
			return f.tool
		}
	}
	return ""
}
