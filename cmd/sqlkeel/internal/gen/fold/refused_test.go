package fold

import "testing"

func TestARefusalNamesTheReason(t *testing.T) {
	t.Parallel()
	d := setup(t, typed)
	for _, c := range []struct{ typ, condition, want string }{
		{"text", "$1 IS NULL OR b = $1", ""},
		{"text", "lower($1) = 'x' OR $1 = ''", ""},
		{"text", "CASE $1 WHEN 'a' THEN true ELSE a = 1 END", ""},
		{"text", "$1 IN ('a', 'b') OR a = 1", ""},
		{"int[]", "coalesce(array_length($1, 1), 0) = 0 OR a = ANY($1)", ""},
		{"bool", "NOT $1 OR a = 1", ""},
		{"text", "EXISTS (SELECT FROM s WHERE NULLIF($1, '') IS NULL)", ""},
		{"citext", "$1 = '' OR b = $1", "its comparison is of type citext"},
		{"numeric", "$1 = 0 OR n = $1", "its comparison is of type numeric"},
		{"bpchar", "$1 IN ('', 'a') OR b = $1", "its comparison is of type character"},
		{"timestamptz", "$1 = '-infinity' OR at = $1", "its comparison is of type timestamp with time zone"},
		{"citext", "CASE $1 WHEN 'a' THEN true ELSE a = 1 END", "its comparison is of type citext"},
		{"folded", "$1 = '' OR b = $1", "its comparison is under a nondeterministic collation"},
		{"checked", "$1 IS NULL OR b = $1", "its type checked does not take every value"},
		{"pair", "$1 IS NULL OR a = 1", "it is of the composite type pair"},
		{"text", "lower($1) = 'all' OR b = $1", "its test is behind a cast or function"},
		{"text", "$1::varchar(3) = 'all' OR b = $1", "its test is behind a cast or function"},
		{"text", "$1 OPERATOR(own.=) 'all' OR b = 'x'", "its comparison is not one of PostgreSQL's own equality"},
		{"text", "$1 IS NOT DISTINCT FROM '' OR b = $1", "IS DISTINCT FROM does not choose: write = and a test for NULL"},
		{"text", "$1 LIKE 'x%'", "its comparison is not one of PostgreSQL's own equality"},
		{"text", "$1 = ANY(tags)", "the array of its comparison is not of constants"},
		{"int", "$1 > 0", "its comparison is not for equality"},
		{"int", "a = $1", "it is compared with what is no constant"},
		{"int", "id IN (SELECT $1::int)", "it stands in no test"},
	} {
		f := New(d.cat, d.analyse(t, "SELECT id FROM t WHERE "+c.condition, c.typ))
		if got := f.Refused(1); got != c.want {
			t.Errorf("%s of type %s: %q, want %q", c.condition, c.typ, got, c.want)
		}
	}
}

func TestAPlaceholderThatIsNotThereIsInNoTest(t *testing.T) {
	t.Parallel()
	d := setup(t, typed)
	if got := New(d.cat, d.analyse(t, "SELECT id FROM t WHERE $1 IS NULL", "int")).Refused(2); got != "it stands in no test" {
		t.Errorf("%q", got)
	}
}
