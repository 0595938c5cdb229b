package project

import (
	"go/parser"
	"go/token"
	"maps"
	"testing"
)

func TestNamesOfImportedPackages(t *testing.T) {
	t.Parallel()
	const text = `package x
import (
	"context"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
	"github.com/twpayne/go-geom"
	"github.com/satori/go.uuid"
	"gopkg.in/guregu/null.v4"
	"github.com/sqids/sq-ids"
	other "github.com/google/uuid"
	_ "embed"
	. "strings"
)
var _ = []any{pgx.X, pgvector.X, geom.X, uuid.X, null.X, sqids.X, context.X, other.X}
`
	tree, err := parser.ParseFile(token.NewFileSet(), "x.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader("", &Package{})
	r.imports(tree)
	want := map[string]string{
		"context": "context", "pgx": "github.com/jackc/pgx/v5", "pgvector": "github.com/pgvector/pgvector-go", "geom": "github.com/twpayne/go-geom",
		"uuid": "github.com/satori/go.uuid", "null": "gopkg.in/guregu/null.v4", "sqids": "github.com/sqids/sq-ids", "other": "github.com/google/uuid",
	}
	if !maps.Equal(r.pkg.Imports, want) {
		t.Errorf("imports = %v", r.pkg.Imports)
	}
}
