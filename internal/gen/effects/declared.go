package effects

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/project"
)

// declared is what the statement's annotations say that opaque bodies do.
type declared struct {
	saysReads, saysWrites bool
	reads, writes         map[catalog.OID]bool
}

// declared reads the annotations. The error joins a Problem for each name that means
// nothing.
func (a *Analyzer) declared(st *project.Statement) (declared, error) {
	var errs []error
	d := declared{reads: map[catalog.OID]bool{}, writes: map[catalog.OID]bool{}}
	for _, note := range st.Annotations {
		set := d.reads
		switch note.Key {
		case "reads":
			d.saysReads = true
		case "writes":
			d.saysWrites, set = true, d.writes
		default:
			continue
		}
		for _, name := range note.Names {
			oid, ok := a.resolve(name)
			if !ok {
				errs = append(errs, &project.Problem{Pos: note.Pos, Statement: st.Name, Message: fmt.Sprintf("@%s names %s, which is no relation of the schema", note.Key, name)})
				continue
			}
			set[oid] = true
		}
	}
	return d, errors.Join(errs...)
}

// resolve finds a relation by its name in an annotation.
func (a *Analyzer) resolve(name string) (catalog.OID, bool) {
	if oid, ok := a.cat.Resolve("", unquote(name)); ok {
		return oid, true
	}
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		return 0, false
	}
	return a.cat.Resolve(unquote(schema), unquote(table))
}

func unquote(name string) string {
	if len(name) > 1 && strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`) {
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}
