package gen_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

func TestWhatCannotBeAnsweredFromMemoryIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ archive, file, name, want string }{
		{"options", "queries/books.sql", "TitleOf :batchone",
			"queries/books.sql:47:4: TitleOf: @cache: only :one and :many can be answered from memory, and it is :batchone: take @cache away, or make it one of these"},
		{"options", "queries/books.sql", "MoveAuthor :execrows", "queries/books.sql:53:4: MoveAuthor: @cache: its result must not be cached: it writes authors, books"},
		{"options", "queries/books.sql", "AddAuthors :copyfrom", "queries/books.sql:35:4: AddAuthors: @cache: its result must not be cached: it writes authors"},
		{"db_argument", "queries/list.sql", "OneFilter :many",
			"queries/list.sql:11:4: OneFilter: @cache: its method takes the database as an argument (emit_methods_with_db_argument), " +
				"so that results of several databases would be one: take @cache or that option away"},
	} {
		dir := t.TempDir()
		readArchive(t, filepath.Join("testdata", c.archive+".txtar")).extract(t, dir)
		replace(t, filepath.Join(dir, c.file), "-- name: "+c.name+"\n", "-- name: "+c.name+"\n-- @cache ttl=30s\n")
		_, err := gen.Generate(t.Context(), options(t, dir))
		if err == nil {
			t.Errorf("%s: it is taken", c.name)
		} else if got := problems(t, dir, err); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestTheFileOfCachedMethodsGoesWithTheLastAnnotation(t *testing.T) {
	t.Parallel()
	dir, o := generated(t, "build_tags")
	file := filepath.Join(dir, "queries/cached_gen.go")
	replace(t, file, "TTL:       time.Minute", "TTL:       time.Hour")
	_, err := gen.Check(t.Context(), o)
	if got := problems(t, dir, err); !strings.HasPrefix(got, "queries/cached_gen.go:") || !strings.HasSuffix(got, ": this file is stale: run go generate ./...") {
		t.Errorf("changed by hand: %s", got)
	}
	replace(t, filepath.Join(dir, "queries/bin.sql"), "-- @cache ttl=1m\n", "")
	_, err = gen.Check(t.Context(), o)
	if got := problems(t, dir, err); !strings.Contains(got, "queries/cached_gen.go:1:1: nothing generates this file any more") {
		t.Errorf("without an annotation: %s", got)
	}
	if _, err := gen.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
}

// The cache keeps only what a standby could answer too.
func TestWhatIsNotReadOnlyIsNotCached(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	readArchive(t, filepath.Join("testdata", "build_tags.txtar")).extract(t, dir)
	replace(t, filepath.Join(dir, "schema/001.sql"), "CREATE TABLE bin", "CREATE UNLOGGED TABLE bin")
	_, err := gen.Generate(t.Context(), options(t, dir))
	const want = "queries/bin.sql:2:4: GetBin: @cache: its result must not be cached: no standby has the rows of bin, which is UNLOGGED"
	if err == nil || problems(t, dir, err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
