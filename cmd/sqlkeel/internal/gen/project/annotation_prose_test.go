package project

import (
	"slices"
	"testing"
)

func TestALineOfProseThatBeginsWithAParameterIsNoAnnotation(t *testing.T) {
	t.Parallel()
	const before = "-- name: Rename :batchexec\n"
	for line, want := range map[string][]string{
		"-- @new_name is what it is called from now on.": nil,
		"-- @other is a word of nobody's.": {
			"queries/items.sql:46:4: Rename: unknown annotation @other: known are @cache, @opaque, @opaque-file, @page, @reads, @replica, @row, @writes; if this is prose, put a word before the @",
		},
	} {
		dir := edited(t, "shop", edit{"queries/items.sql", before, before + line + "\n"})
		if got := messages(t, dir, "shop"); !slices.Equal(got, want) {
			t.Errorf("%s: problems %q, want %q", line, got, want)
		}
	}
}
