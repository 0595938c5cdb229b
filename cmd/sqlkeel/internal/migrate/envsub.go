package migrate

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// variable is a dollar sign that stands for itself, or a variable for which there is
// no other value.
var variable = regexp.MustCompile(`\$\$|\\\$|\$([\p{L}_][\p{L}\p{N}_]*)|\$\{([\p{L}_][\p{L}\p{N}_]*)\}`)

// noteUnset warns of the variables of a line that are not set: goose puts nothing in
// their place.
func (p *parser) noteUnset(l line) {
	for _, at := range variable.FindAllStringSubmatchIndex(l.file, -1) {
		name := ""
		for _, group := range []int{2, 4} {
			if at[group] >= 0 {
				name = l.file[at[group]:at[group+1]]
			}
		}
		if name == "" {
			continue
		}
		if _, set := os.LookupEnv(name); set || slices.Contains(p.unset, name) {
			continue
		}
		p.unset = append(p.unset, name)
		p.note(Warning, p.section, l.number, width(l.file[:at[0]])+1, "the environment has no %s, so ENVSUB puts nothing in its place: set it, or give a default, as in ${%s:-default}", name, name)
	}
}

// expansionCol returns where in a line goose's expansion stumbles: at the last dollar
// sign before which all can be expanded.
func expansionCol(text string) int {
	at := 0
	for i := range len(text) {
		if text[i] != '$' {
			continue
		}
		if _, err := expand(text[:i]); err == nil {
			at = i
		}
	}
	return width(text[:at]) + 1
}

// changedQuote is the beginning of a dollar quote that ENVSUB changes.
var changedQuote = regexp.MustCompile(`^\$(\$([^$]|$)|\p{L})`)

// checkDollarQuotes reports dollar quotes that ENVSUB takes apart: it turns $$ into $
// and takes $name$ for a variable.
func (p *parser) checkDollarQuotes(s statement) {
	var file []string
	changed := false
	for _, l := range s.lines {
		file = append(file, l.file)
		changed = changed || l.file != l.sent
	}
	text := strings.Join(file, "\n")
	if !changed {
		return
	}
	for _, t := range sqltext.Tokens(text) {
		if t.Kind != sqltext.String || !changedQuote.MatchString(t.Text(text)) || t.Start > 0 && text[t.Start-1] == '$' {
			continue
		}
		row := strings.Count(text[:t.Start], "\n")
		if l := s.lines[row]; l.file != l.sent {
			p.report(l.number, width(text[strings.LastIndexByte(text[:t.Start], '\n')+1:t.Start])+1,
				"ENVSUB turns $$ into $ and takes $name$ for a variable: write each dollar sign of this quote twice, or turn ENVSUB OFF before it")
			return
		}
	}
}
