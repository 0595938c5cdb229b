package effects

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

func TestARefusalNamesThePlaceAndLeavesTheSessionUsable(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	st := statement(":many", "SELECT id, 'ä' FROM notes\nWHERE nothing = $1")
	st.Const = "" // its text is ours, so that its place is that of the statement
	_, err := a.Analyze(t.Context(), st)
	var problem *project.Problem
	if !errors.As(err, &problem) {
		t.Fatalf("error = %v, want a problem", err)
	}
	if got, want := problem.Error(), `q.sql:1:1: X: column "nothing" does not exist`; got != want {
		t.Errorf("problem = %s, want %s", got, want)
	}
	if got := summary(analyze(t, a, ":many", "SELECT 1 FROM notes").Effects); got != "reads=notes ro" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestACharacterIsFoundAmongBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		char int
		want int
	}{{"abc", 1, 0}, {"abc", 3, 2}, {"äbc", 2, 2}, {"ä€c", 3, 5}, {"abc", 9, 3}} {
		if got := byteOffset(c.text, c.char); got != c.want {
			t.Errorf("character %d of %q is at byte %d, want %d", c.char, c.text, got, c.want)
		}
	}
}

func TestTypesAreNamedAsFormatTypeDoes(t *testing.T) {
	t.Parallel()
	out := analyze(t, with(t, shop, ""), ":many", `SELECT id, feel, born AS at, ARRAY[day] FROM authors WHERE id = $1 AND feel = $2 AND name = ANY($3)`)
	var columns, params []string
	for _, p := range out.Params {
		params = append(params, p.Name)
	}
	if want := []string{"bigint", "mood", "text[]"}; !slices.Equal(params, want) {
		t.Errorf("parameters %q, want %q", params, want)
	}
	for _, c := range out.Columns {
		columns = append(columns, c.Name+" "+c.Type.Name)
	}
	if want := []string{"id bigint", "feel mood", "at timestamp with time zone", "array date[]"}; !slices.Equal(columns, want) {
		t.Errorf("columns %q, want %q", columns, want)
	}
}

func TestAnAnnotationThatNamesNoRelationIsAProblemAtItsPlace(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	_, err := a.Analyze(t.Context(), statement(":one", "-- @reads notes, nope\nSELECT opaque($1)"))
	if want := "q.sql:2:4: X: @reads names nope, which is no relation of the schema"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	out := analyze(t, a, ":one", "-- @reads app.\"Mixed Case\"\n-- @writes nothing\nSELECT opaque($1)")
	if want := `reads=app."Mixed Case" ro`; summary(out.Effects) != want {
		t.Errorf("got %s, want %s", summary(out.Effects), want)
	}
}

func TestWhatIsNotKnownIsRemarkedOn(t *testing.T) {
	t.Parallel()
	out := analyze(t, with(t, shop, ""), ":one", `SELECT opaque($1)`)
	if len(out.Remarks) != 2 || !strings.Contains(out.Remarks[0].Error(), "opaque()") || !strings.Contains(out.Remarks[0].Error(), "-- @writes") {
		t.Errorf("remarks = %v", out.Remarks)
	}
}

func TestAStatementMayHaveMorePlaceholdersThanAFunctionArguments(t *testing.T) {
	t.Parallel()
	var values []string
	for i := range 60 {
		values = append(values, fmt.Sprintf("($%d::bigint, $%d)", 2*i+1, 2*i+2))
	}
	a := with(t, shop, "")
	out := analyze(t, a, ":many", "INSERT INTO notes (id, book_id) VALUES "+strings.Join(values, ", ")+" RETURNING id")
	if got, want := summary(out.Effects), "writes=notes wkeys=notes.id>1 unkept: it writes notes"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if len(out.Params) != 120 {
		t.Errorf("%d parameters", len(out.Params))
	}
}

func TestWhatIsPassedAsTextIsNoRowKeyUnlessItIsText(t *testing.T) {
	t.Parallel()
	a := with(t, "CREATE TABLE t (u uuid, n bigint, s text, b bytea)", "")
	for _, c := range []struct {
		column, goType string
		want           int
	}{
		{"u", "uuid.UUID", 1}, {"u", "*uuid.UUID", 1}, {"u", "pgtype.UUID", 1}, {"u", "string", 0}, {"u", "*string", 0}, {"u", "pgtype.Text", 0},
		{"u", "[]byte", 0}, {"n", "int64", 1}, {"n", "string", 0}, {"s", "string", 1}, {"s", "pgtype.Text", 1}, {"b", "[]byte", 1}, {"b", "string", 0},
	} {
		st := statement(":many", `SELECT * FROM t WHERE `+c.column+` = $1`)
		st.Params = []project.Param{{Name: "p", Type: c.goType}}
		out, err := a.Analyze(t.Context(), st)
		if err != nil || len(out.ReadKeys) != c.want {
			t.Errorf("%s as %s: keys %v, error %v", c.column, c.goType, out.ReadKeys, err)
		}
	}
}

func TestAnalysisStopsWithItsContext(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Analyze(ctx, statement(":many", `SELECT 1`)); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestASemicolonAndCommentsBehindAreLeftOut(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for _, sql := range []string{"SELECT id FROM notes;", "SELECT id FROM notes -- all", "SELECT id FROM notes; -- all\n", "/* a; b */ SELECT id FROM notes /* c */"} {
		if got := summary(analyze(t, a, ":many", sql).Effects); got != "reads=notes ro" {
			t.Errorf("%q: %s", sql, got)
		}
	}
}
