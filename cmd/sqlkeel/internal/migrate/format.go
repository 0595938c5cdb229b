package migrate

import (
	"fmt"
	"path"

	"github.com/sqlkeel/sqlkeel/internal/schemafile"
)

// checkFormat replaces the errors that follow from another tool's format by one
// that names it, when goose's is in none of the files.
func (set *fileSet) checkFormat() {
	tool, file := schemafile.Plain, ""
	see := func(name, text string) {
		if tool == schemafile.Plain {
			tool, file = schemafile.ToolOf(name, text), name
		}
	}
	for _, s := range set.scripts {
		if s.upLine > 0 || s.downLine > 0 {
			return
		}
		see(s.name, string(s.data))
	}
	for _, p := range set.problems {
		see(path.Base(p.File), "")
	}
	if tool == schemafile.Plain {
		return
	}
	set.problems = nil
	for _, s := range set.scripts {
		s.problems = nil
	}
	set.report("", Error, fmt.Sprintf("the files here are %s's, as %s is; they must be goose's: one file a version, "+
		"as in 00001_name.sql, with \"-- +goose Up\" and \"-- +goose Down\"", tool, file))
}
