package emit

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// cachedInput is a package with one statement, which is annotated.
func cachedInput() Input {
	at := project.Position{File: "queries/q.sql", Line: 2, Column: 4}
	pkg := &project.Package{Name: "shop",
		Imports: map[string]string{"pgtype": pgtypePath, "big": "math/big", "uuid": googleUUID, "shopspring": "example.com/decimal", "json": "encoding/json"},
		Structs: map[string][]project.Field{"Book": {{Name: "ID", Type: "int64"}, {Name: "Doc", Type: "*Author"}}, "Author": {{Name: "Extra", Type: "map[string]interface{}"}}},
		Enums:   map[string]bool{"Mood": true},
	}
	st := &project.Statement{Package: pkg, Name: "GetBook", Command: ":one", Const: "getBook", SQL: "SELECT 1", Result: "int64",
		Params: []project.Param{{Name: "id", Type: "int64"}}, Pos: project.Position{File: "queries/q.sql", Line: 1, Column: 1},
	}
	note := &project.Annotation{Key: "cache", Args: "ttl=30s", Duration: 30 * time.Second, Pos: at}
	pkg.Statements = []*project.Statement{st}
	return Input{Package: pkg, Server: "15", Statements: []Statement{{Statement: st, Cache: note}}, Names: map[string]project.Position{}}
}

func TestWhatCannotBeAKeyOrBeCopiedIsRefusedByItsNameAndType(t *testing.T) {
	t.Parallel()
	const key, copied = ", which cannot be part of a key: " + otherType + ", or take @cache away", ", which cannot be copied for each caller: " + otherType + ", or take @cache away"
	for name, c := range map[string]struct {
		change func(*project.Statement)
		want   string
	}{
		"a numeric":                  {param("min", "pgtype.Numeric"), "its parameter min is of Go type pgtype.Numeric with pgtype.Numeric.Int of Go type *big.Int" + key},
		"an interface":               {param("v", "interface{}"), "its parameter v is of Go type interface{}" + key},
		"a list of a type unknown":   {param("v", "[]shopspring.Decimal"), "its parameter v is of Go type []shopspring.Decimal made of shopspring.Decimal" + key},
		"a pointer to a type of own": {param("v", "*Money"), "its parameter v is of Go type *Money made of Money" + key},
		"a map":                      {param("v", "map[string]string"), "its parameter v is of Go type map[string]string" + key},
		"a channel in a result":      {result("chan int"), "its result is of Go type chan int" + copied},
		"any in a result":            {result("any"), "its result is of Go type any" + copied},
		"a result's part": {func(st *project.Statement) { st.Result, st.ResultPointer = "Book", true },
			"its result is of Go type *Book with *Book.Doc.Extra of Go type interface{}" + copied},
		"a number that is no pointer": {result("big.Int"), "its result is of Go type big.Int" + copied},
		"a method beside a field":     {func(st *project.Statement) { st.Name = "Queries" }, "a method Queries would be beside the field of that name: rename the query"},
		"another condition": {func(st *project.Statement) { st.Build = "integration" },
			"its method is built only for integration, and the type Cached for the whole package: take @cache or that condition away"},
	} {
		in := cachedInput()
		c.change(in.Package.Statements[0])
		_, err := Package(in)
		if got := messages(err); !slices.Equal(got, []string{"queries/q.sql:2:4: " + in.Package.Statements[0].Name + ": @cache: " + c.want}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func param(name, goType string) func(*project.Statement) {
	return func(st *project.Statement) { st.Params = []project.Param{{Name: name, Type: goType}} }
}

func result(goType string) func(*project.Statement) {
	return func(st *project.Statement) { st.Result = goType }
}

func TestTheNamesOfCachedMethodsAreRefusedWhereTheyAreTaken(t *testing.T) {
	t.Parallel()
	in := cachedInput()
	for i, name := range []string{"Cached", "NewCached", "Cached.GetBook"} {
		in.Names[name] = project.Position{File: "shop/hand.go", Line: i + 1, Column: 6}
	}
	_, err := Package(in)
	want := []string{
		"queries/q.sql:2:4: GetBook: @cache: it needs the method Cached.GetBook, which is at shop/hand.go:3:6: rename that",
		"shop/hand.go:1:6: the name Cached is needed for generated code: rename what has it here (the option rename of sqlc does that to a model)",
		"shop/hand.go:2:6: the name NewCached is needed for generated code: rename what has it here (the option rename of sqlc does that to a model)",
	}
	if got := messages(err); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestAFieldOfCachedHidesNoMethod(t *testing.T) {
	t.Parallel()
	in := cachedInput()
	in.Names["Queries.getBook"] = project.Position{File: "shop/hand.go", Line: 1, Column: 1}
	files, err := Package(in)
	if text := string(files[CachedFile]); err != nil || !strings.Contains(text, "getBookQuery: cache.NewQuery(c, q.db, q.GetBook, &cachedGetBook)") {
		t.Errorf("%v\n%s", err, text)
	}
	in.Package.Statements[0].Name = "Range"
	files, err = Package(in)
	if text := string(files[CachedFile]); err != nil || !strings.Contains(text, "rangeQuery: cache.NewQuery(c, q.db, q.Range, &cachedRange)") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestAPackageWithoutAnnotationHasNoFileOfCachedMethods(t *testing.T) {
	t.Parallel()
	in := cachedInput()
	in.Statements[0].Cache = nil
	if files, err := Package(in); err != nil || files[CachedFile] != nil {
		t.Errorf("%v %s", err, files[CachedFile])
	}
}

func TestDurationsAreWrittenInTheLargestUnitThatFits(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		time.Second: {"time.Second", "1s"}, 90 * time.Second: {"90 * time.Second", "1m30s"}, time.Hour: {"time.Hour", "1h"}, 2 * time.Hour: {"2 * time.Hour", "2h"},
		61 * time.Minute: {"61 * time.Minute", "1h1m"}, 1500 * time.Microsecond: {"1500 * time.Microsecond", "1.5ms"}, 3: {"3 * time.Nanosecond", "3ns"},
	} {
		f := newFile(cachedInput(), newNames(nil))
		if got := [2]string{f.duration(d), short(d)}; got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
}
