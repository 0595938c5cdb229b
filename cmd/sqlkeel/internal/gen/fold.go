package gen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// places is how many further places of one cause are named.
const places = 3

// The remedies for what is missing: where a statement fails for it, and where nothing
// is known of one.
const (
	healsFailures = ": name what makes it under schema:, use a server whose version and extensions have it, " +
		"or set statements aside with @opaque, a file with @opaque-file"
	healsUnknown = ": name what makes it under schema:"
)

// fold makes one problem of those of several statements that have one cause: something
// that the server does not have. The first place stays, and tells how many follow.
func fold(list Problems, heals string) Problems {
	byCause := map[string]Problems{}
	for _, p := range list {
		if p.Missing != "" && !p.Warning {
			byCause[p.Missing] = append(byCause[p.Missing], p)
		}
	}
	more := map[string]Problems{}
	for cause, same := range byCause {
		more[cause] = others(same)
	}
	var folded Problems
	for _, p := range list {
		switch {
		case p.Missing == "" || p.Warning || len(more[p.Missing]) == 0:
			folded = append(folded, p)
		case byCause[p.Missing][0] == p:
			first := *p
			first.Message += further(more[p.Missing]) + heals
			folded = append(folded, &first)
		}
	}
	return folded
}

// others returns a problem of each statement, or place of none, beyond the first. Of
// a statement there may be several.
func others(same Problems) Problems {
	var more Problems
	for _, p := range same {
		if !slices.ContainsFunc(append(more, same[0]), func(q *project.Problem) bool { return q.Statement == p.Statement && q.Pos == p.Pos }) {
			more = append(more, p)
		}
	}
	return more
}

func further(more Problems) string {
	var named []string
	for _, p := range more[:min(len(more), places)] {
		named = append(named, strings.TrimSpace(p.Pos.String()+" "+p.Statement))
	}
	if len(more) > places {
		named = append(named, "…")
	}
	statements := "statements need"
	if len(more) == 1 {
		statements = "statement needs"
	}
	return fmt.Sprintf("; %d more %s it (%s)", len(more), statements, strings.Join(named, ", "))
}
