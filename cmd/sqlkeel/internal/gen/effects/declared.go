package effects

import (
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
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
			oid, ok := a.cat.Named(name)
			if !ok {
				errs = append(errs, &project.Problem{Pos: note.Pos, Statement: st.Name, Message: fmt.Sprintf("@%s names %s, which is no relation of the schema", note.Key, name)})
				continue
			}
			set[oid] = true
		}
	}
	return d, errors.Join(errs...)
}
