package project

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"time"
)

// parse reads the arguments. It returns what is wrong with them.
func (a *Annotation) parse() string {
	switch a.Key {
	case "page":
		return a.parsePage()
	case "row":
		if !token.IsIdentifier(a.Args) || !ast.IsExported(a.Args) {
			return "needs the name of the row's type, an exported Go identifier, such as BookSummary"
		}
		a.Names = []string{a.Args}
	case opaque:
		return a.parseOpaque()
	case "reads", "writes":
		return a.parseRelations()
	case "cache":
		return a.parseCache()
	case "replica":
		return a.parseDuration("max_lag", `may say max_lag=5s`)
	}
	return ""
}

// sqlName is a name, or several with dots between, quoted where SQL needs it.
var sqlName = regexp.MustCompile(`^(?:[\pL_][\pL\pN_$]*|"(?:[^"]|"")+")(?:\.(?:[\pL_][\pL\pN_$]*|"(?:[^"]|"")+"))*$`)

func (a *Annotation) parsePage() string {
	const form = "needs the columns that order the pages, the last of them unique: key=created_at,id"
	columns, found := strings.CutPrefix(a.Args, "key=")
	if !found {
		return form
	}
	seen := map[string]bool{}
	for _, c := range splitNames(columns, ",") {
		if !sqlName.MatchString(c) {
			return form
		}
		if seen[c] {
			return "names " + c + " twice"
		}
		seen[c] = true
		a.Names = append(a.Names, c)
	}
	return ""
}

func (a *Annotation) parseRelations() string {
	const form = `needs the relations that the statement %s, with commas between, or "nothing"`
	verb := strings.Replace(form, "%s", a.Key, 1)
	if a.Args == "nothing" {
		return ""
	}
	for _, name := range splitNames(a.Args, ", \t") {
		if !sqlName.MatchString(name) || name == "nothing" {
			return verb
		}
		a.Names = append(a.Names, name)
	}
	if len(a.Names) == 0 {
		return verb
	}
	return ""
}

// splitNames cuts at separators that are not in quotes, and drops the space around
// names. With a comma as the only separator an empty name stays, to be refused.
func splitNames(s, separators string) []string {
	quoted := false
	list := strings.FieldsFunc(s, func(c rune) bool {
		if c == '"' {
			quoted = !quoted
		}
		return !quoted && strings.ContainsRune(separators, c)
	})
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	if len(list) == 0 && separators == "," {
		return []string{""}
	}
	return list
}

func (a *Annotation) parseDuration(key, form string) string {
	if a.Args == "" {
		return ""
	}
	value, found := strings.CutPrefix(a.Args, key+"=")
	d, err := time.ParseDuration(value)
	if !found || err != nil || d <= 0 {
		return form
	}
	a.Duration = d
	return ""
}
