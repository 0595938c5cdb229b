package schemafile

import "testing"

func TestNothingOfASessionLastsFromOneFolderOrToolToAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, next File
		want         string
	}{
		{File{}, File{"a/1.sql", Goose}, "DISCARD ALL"},
		{File{}, File{"1.sql", Plain}, "DISCARD ALL"},
		{File{"a/1.sql", Goose}, File{"a/2.sql", Goose}, ""},
		{File{"a/1.sql", Goose}, File{"b/2.sql", Goose}, "DISCARD ALL"},
		{File{"a/1.sql", Goose}, File{"a/2.sql", Dbmate}, "DISCARD ALL"},
		{File{"a/1.sql", Plain}, File{"a/2.sql", Goose}, "DISCARD ALL"},
		{File{"a/1.sql", Plain}, File{"a/2.sql", Plain}, "DISCARD ALL"},
		{File{"a/1.sql", Tern}, File{"a/2.sql", Tern}, "RESET ALL"},
	} {
		if got := Between(c.before, c.next); got != c.want {
			t.Errorf("between %v and %v: %q, want %q", c.before, c.next, got, c.want)
		}
	}
}
