package gen_test

import (
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

func TestAFailingInsertOfASchemaFileIsANoteOfEveryCommand(t *testing.T) {
	t.Parallel()
	dir, o := withSchema(t, map[string]string{"schema/1.sql": baseSchema + "INSERT INTO bin SELECT 1, NULL;\n" + auditSchema})
	const want = `schema/1.sql:5:1: null value in column "label" of relation "bin" violates not-null constraint (SQLSTATE 23502): left out, as it changes data and no part of the schema`
	for name, run := range map[string]func() (gen.Problems, error){
		"generate": func() (gen.Problems, error) { return gen.Generate(t.Context(), o) },
		"check":    func() (gen.Problems, error) { return gen.Check(t.Context(), o) },
		"inspect": func() (gen.Problems, error) {
			effects, found := reached(t, o)
			if effects != "audit" {
				t.Errorf("effects %q", effects)
			}
			if len(found.Failed) > 0 {
				return nil, found.Failed
			}
			return found.Notes, nil
		},
	} {
		if name == "check" {
			if _, err := gen.Generate(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		notes, err := run()
		if got := strings.ReplaceAll(notes.Error(), dir+"/", ""); err != nil || got != want {
			t.Errorf("%s: %v, notes\n%s", name, err, got)
		}
	}
}
