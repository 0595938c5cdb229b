package stmt_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

func TestATextOfTwoRegistriesDoesWhatEitherSays(t *testing.T) {
	t.Parallel()
	key := stmt.RowKey{Relation: "books", Column: "id", Param: 1}
	a := stmt.Effects{
		Reads: []string{"books", "prices"}, Locks: []string{"books"}, ReadKeys: []stmt.RowKey{key, {Relation: "prices", Column: "id", Param: 1}},
		WriteKeys: []stmt.RowKey{key}, ReadOnly: true, Unique: true, Session: "set_config",
		ReadColumns: []stmt.Columns{{Relation: "books", Names: []string{"id", "title"}, Rows: true}, {Relation: "prices"}}, SetColumns: []stmt.Columns{{Relation: "books", Names: []string{"title"}, Rows: true}},
	}
	b := stmt.Effects{
		Reads: []string{"authors", "books"}, Writes: []string{"books"}, Reaches: []string{"log"}, ReadKeys: []stmt.RowKey{key},
		NotCacheable: "now() differs", Volatile: true, ReadsAnything: true, Anything: true,
		ReadColumns: []stmt.Columns{{Relation: "authors"}, {Relation: "books", Names: []string{"id", "isbn"}}}, SetColumns: []stmt.Columns{{Relation: "books", Names: []string{"id"}}, {Relation: "log", Names: []string{"at"}}},
	}
	want := stmt.Effects{
		Reads: []string{"authors", "books", "prices"}, Writes: []string{"books"}, Locks: []string{"books"}, Reaches: []string{"log"},
		ReadKeys: []stmt.RowKey{key}, NotCacheable: "now() differs", Session: "set_config",
		Volatile: true, ReadsAnything: true, Anything: true,
		ReadColumns: []stmt.Columns{{Relation: "books", Names: []string{"id", "isbn", "title"}}}, SetColumns: []stmt.Columns{{Relation: "books", Names: []string{"id", "title"}, Rows: true}},
	}
	for _, order := range [][2]stmt.Effects{{a, b}, {b, a}} {
		r := stmt.Join(stmt.Declare("SELECT 1", order[0]), nil, stmt.Declare("SELECT 1", order[1]), stmt.Declare("SELECT 2", a))
		if got := r.Lookup("SELECT 1").Effects; !reflect.DeepEqual(got, want) {
			t.Errorf("together they do\n%+v, want\n%+v", got, want)
		}
		if got := r.Lookup("SELECT 2"); got == nil || !got.ReadOnly || len(r.Statements()) != 2 {
			t.Errorf("a text of one registry became %+v", got)
		}
	}
}

func TestEveryFieldOfEffectsIsJoined(t *testing.T) {
	t.Parallel()
	var all stmt.Effects
	v := reflect.ValueOf(&all).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString("why")
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		default:
			t.Fatalf("field %s", v.Type().Field(i).Name)
		}
	}
	same := stmt.Join(stmt.Declare("SELECT 1", all), stmt.Declare("SELECT 1", all))
	if got := same.Lookup("SELECT 1").Effects; !reflect.DeepEqual(got, all) {
		t.Errorf("a statement with itself became\n%+v, want\n%+v", got, all)
	}
}

func TestVariantsStayOnlyWhereBothRegistriesHaveThem(t *testing.T) {
	t.Parallel()
	pruned := func(text string) *stmt.Registry {
		return stmt.NewRegistry(nil, stmt.Statement{Name: "Find", SQL: "full", Variants: &generated.Variants{
			Params:   []generated.Param{{Param: 1, Values: []generated.Value{{Kind: generated.Null}}, Read: generated.Pointer[int]}},
			Segments: []generated.Segment{{Need: 1, Text: text}, {Absent: 1, Text: "with it"}},
		}})
	}
	none := []any{(*int)(nil)}
	for _, c := range []struct {
		a, b *stmt.Registry
		want string
	}{
		{pruned("without"), nil, "without"},
		{pruned("without"), pruned("without"), "without"},
		{pruned("without"), pruned("otherwise"), "full"},
		{pruned("without"), stmt.NewRegistry(nil, stmt.Statement{Name: "Find", SQL: "full"}), "full"},
		{stmt.NewRegistry(nil, stmt.Statement{Name: "Find", SQL: "full"}), pruned("without"), "full"},
	} {
		if sql, _ := stmt.Join(c.a, c.b).Lookup("full").Rewrite(none); sql != c.want {
			t.Errorf("%q is sent, want %q", sql, c.want)
		}
	}
}

func TestRelationsThatTwoRegistriesExpectOtherwiseFitNoDatabase(t *testing.T) {
	t.Parallel()
	r := stmt.Join(stmt.NewRegistry(map[string]string{"books": "1", "users": "3"}), stmt.NewRegistry(map[string]string{"books": "2", "users": "3"}))
	if got := r.Relations(); got["users"] != "3" || got["books"] == "1" || got["books"] == "2" {
		t.Errorf("relations %v", got)
	}
}

func TestADeclaredTextIsSentAsItIs(t *testing.T) {
	t.Parallel()
	const sql = "-- name: Bump :exec\nUPDATE books SET n = n + 1 WHERE id = $1"
	r := stmt.Declare(sql, stmt.Effects{Writes: []string{"books", "authors", "books"}})
	s := r.Lookup(sql)
	if s.Name != "Bump" || !slices.Equal(s.Writes, []string{"authors", "books"}) {
		t.Errorf("declared as %+v", s)
	}
	if got, args := s.Rewrite([]any{1}); got != sql || len(args) != 1 {
		t.Errorf("%q %v is sent", got, args)
	}
	if r.Lookup("UPDATE books SET n = 0") != nil || (*stmt.Registry)(nil).Lookup(sql) != nil || stmt.Join().Lookup(sql) != nil {
		t.Error("a text that was not declared is known")
	}
}
