package gen

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// setAside takes an opaque statement for what nothing is known of. It is analysed
// all the same, to see whether the annotation is still needed.
func (a *analysis) setAside(ctx context.Context, db *database, st *statementAnalysis) error {
	st.failed = &project.Problem{Pos: st.Opaque().Pos, Statement: st.Name, Message: "it is opaque: " + st.Opaque().Args}
	if st.Refused != nil {
		return nil
	}
	var refused *project.Problem
	_, err := db.effects.Analyze(ctx, st.Statement)
	if err != nil && !errors.As(err, &refused) {
		return fmt.Errorf("analyse %s: %w", st.Name, err)
	}
	st.needless = err == nil
	return nil
}

// noteNeedless notes the annotations @opaque and @opaque-file without which all
// could be analysed too.
func (a *analysis) noteNeedless() {
	needed := map[project.Position]bool{}
	for _, st := range a.opaque() {
		needed[st.Opaque().Pos] = needed[st.Opaque().Pos] || !st.needless
	}
	for _, st := range a.opaque() {
		if pos := st.Opaque().Pos; !needed[pos] {
			needed[pos] = true // said
			note := &project.Problem{Pos: pos, Statement: st.Name, Warning: true, Message: "the statement can be analysed, so that @opaque is not needed: take it away"}
			if st.Opaque().WholeFile {
				note.Statement, note.Message = "", "all statements of the file can be analysed, so that @opaque-file is not needed: take it away"
			}
			a.notes = append(a.notes, note)
		}
	}
}

// opaque returns the statements of the project that are set aside.
func (a *analysis) opaque() []*statementAnalysis {
	var list []*statementAnalysis
	for _, pkg := range a.packages {
		for _, st := range pkg.statements {
			if st.Opaque() != nil {
				list = append(list, st)
			}
		}
	}
	return list
}
