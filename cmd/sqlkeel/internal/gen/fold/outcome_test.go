package fold

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// listed is a type and conditions of $1.
type listed []string

// TestListedTestsAreDecided compares what is decided with what PostgreSQL says.
func TestListedTestsAreDecided(t *testing.T) {
	t.Parallel()
	d := setup(t, typed)
	d.decides(t, true, []listed{
		{"text", `$1 IS NULL`, `$1 IS NOT NULL`, `$1 = ''`, `$1 <> 'a'`, `'a' = $1`, `$1 = 'a'::text`, `$1 = 'a'::varchar`, `$1 IN ('a', '')`, `$1 NOT IN ('a', '')`, `$1 IN ('a')`,
			`$1 IN ('a', NULL)`, `$1 NOT IN ('a', NULL)`, `$1 = ANY('{a,all}')`, `$1 <> ALL('{a,all,ä}')`, `$1 = ANY(ARRAY['a', 'b'])`, `$1 <> ANY(ARRAY['a', 'b'])`, `$1 = ANY('{}')`, `$1 = ALL('{}')`,
			`CASE $1 WHEN 'a' THEN true WHEN '' THEN false WHEN NULL THEN true END`, `CASE $1 WHEN 'a' THEN true ELSE NULL END`, `CASE WHEN $1 = 'a' THEN true END`,
			`NULLIF($1, 'a') IS NULL`, `NULLIF($1, '') IS NOT NULL`, `NULLIF('a', $1) IS NULL`, `coalesce($1, '') = ''`, `coalesce(NULL, $1, 'a') = 'a'`, `coalesce(NULLIF($1, ''), 'all') = 'all'`,
			`($1 = 'a') IS NULL`, `($1 = 'a') IS TRUE`, `($1 = 'a') IS NOT FALSE`, `($1 = 'a') IS UNKNOWN`, `($1 = 'a') = true`, `($1 = 'a') <> ($1 IS NULL)`, `NOT ($1 = 'a' AND $1 <> '')`,
			`$1 = 'a' OR $1 IS NULL`, `$1 = 'a' OR NULL`, `$1 = 'a' AND NULL`, `$1 ==== 'a'`, `$1 = NULL`, `ROW($1, 1) = ROW('a', 1)`, `$1 = ''''`, `$1 = E'\\ ('`, `$1 IN ('{', ':a b', 'ä')`,
			`CASE CASE $1 WHEN 'a' THEN true END WHEN true THEN $1 = 'a' ELSE $1 IS NULL END`},
		{"varchar", `$1 = ''`, `$1 IN ('a', 'all')`, `NULLIF($1, '') IS NULL`, `CASE $1 WHEN 'a' THEN true END`, `$1::text = 'a'`, `$1 <> 'all'`},
		{"plain", `$1 IS NULL`, `$1 = 'a'`, `$1 IN ('a', 'b')`, `CASE $1 WHEN 'a' THEN true END`},
		{"yesno", `NOT $1`, `$1 = false`, `$1 IS NOT TRUE`, `$1 IS NULL`, `coalesce($1, false)`},
		{"numbers", `cardinality($1) = 0`, `$1 = '{}'`, `$1 IS NULL`, `array_length($1, 1) IS NULL`},
		{"mood", `$1 IS NULL`, `$1 = 'sad'`, `'sad' <> $1`, `$1 IN ('sad', 'ok')`, `$1 NOT IN ('sad', 'ok')`, `$1 = ANY('{sad,happy}')`, `CASE $1 WHEN 'ok' THEN true ELSE false END`, `NULLIF($1, 'ok') IS NULL`},
		{"uuid", `$1 IS NULL`, `$1 = '` + noUUID + `'`, `$1 <> '0A0B0C0D00004000800000000000000F'`, `$1 IN ('` + noUUID + `', '` + someUUID + `')`, `$1 = ANY('{` + noUUID + `,` + someUUID + `}')`},
		{"smallint", `$1 = 0`, `$1 = 0::smallint`, `$1 = (-7)::smallint`, `$1 = 70000`, `$1 = 5000000000`, `-1 = $1`, `$1 IN (1, 2)`, `$1 <> -32768`, `$1 = ANY('{1,2}'::int2[])`},
		{"int", `$1 = 0`, `$1 <> 0`, `$1 = 5000000000`, `$1 = 0::bigint`, `$1 IN (0, -1)`, `$1 NOT IN (0, 1)`, `$1 = ANY('{1,2,70000}')`, `$1 <> ALL('{-1,-2147483648}')`, `CASE $1 WHEN 1 THEN true END`, `NULLIF($1, 0) IS NULL`,
			`coalesce($1, 0) = 0`, `$1 = -2147483648`},
		{"bigint", `$1 = 0`, `$1 <> 5000000000`, `$1 IN (0, 1)`, `$1 IN (0, 5000000000)`, `$1 = ANY('{1,-9223372036854775808}')`, `$1 = -1`, `0 = $1`, `NULLIF($1, 0) IS NOT NULL`},
		{"bool", `$1`, `NOT $1`, `$1 = true`, `$1 = false`, `$1 <> true`, `$1 IS TRUE`, `$1 IS NOT TRUE`, `$1 IS FALSE`, `$1 IS NOT FALSE`, `$1 IS UNKNOWN`, `$1 IS NOT UNKNOWN`, `$1 IS NULL`, `coalesce($1, false)`, `coalesce($1, true)`,
			`CASE WHEN $1 THEN true ELSE NULL END`, `CASE $1 WHEN true THEN false ELSE true END`, `CASE WHEN NOT $1 THEN true END`, `$1 IN (true)`, `$1 IN (true, false)`, `$1 = ANY('{t}')`, `$1 AND NULL`, `$1 OR NULL`,
			`($1 IS NULL) = $1`, `NULLIF($1, false) IS NULL`, `coalesce(NULLIF($1, false), $1)`},
		{"int[]", `$1 IS NULL`, `cardinality($1) = 0`, `cardinality($1) <> 0`, `cardinality($1) > 0`, `cardinality($1) <= 0`, `cardinality($1) < 1`, `cardinality($1) >= 1`, `0 < cardinality($1)`, `0 = cardinality($1)`, `1 <= cardinality($1)`, `1 > cardinality($1)`,
			`coalesce(cardinality($1), 0) = 0`, `coalesce(cardinality($1), 0) > 0`, `coalesce(array_length($1, 1), 0) = 0`, `array_length($1, 1) IS NULL`, `array_length($1, 1) IS NOT NULL`, `array_length($1, 1) = 0`, `array_length($1, 1) > 0`,
			`$1 = '{}'`, `$1 <> '{}'`, `'{}' = $1`, `$1 = ARRAY[]::int[]`, `cardinality($1) IS NULL`, `$1 = '{}' OR $1 IS NULL`, `cardinality($1) > -1`, `cardinality($1) = -1 AND false`, `cardinality($1) = 0::bigint`},
		{"text[]", `cardinality($1) = 0`, `$1 = '{}'`, `array_length($1, 1) IS NULL`, `coalesce(array_length($1, 1), 0) = 0`},
		{"mood[]", `cardinality($1) = 0`, `$1 = '{}'`, `$1 IS NULL`},
		// Whether they are NULL is known of all that are no rows.
		{"numeric", `$1 IS NULL`}, {"citext", `$1 IS NULL`}, {"jsonb", `$1 IS NOT NULL`}, {"timestamptz", `$1 IS NULL`}, {"date", `$1 IS NULL`}, {"bpchar", `$1 IS NULL`}, {"bytea", `$1 IS NULL`},
	})
}

// It is enough to know that it is not NULL.
func TestABooleanThatIsNotNullIsNotUnknown(t *testing.T) {
	t.Parallel()
	d := setup(t, "")
	query := d.conditions(t, []string{"$1 IS UNKNOWN", "$1 IS NOT UNKNOWN", "$1 IS TRUE", "$1 IS NOT FALSE"}, "bool")
	for _, c := range []struct {
		State
		want []truth
	}{
		{State{Not: []generated.Value{isNull}}, []truth{no, yes, open, open}},
		{State{Is: &isNull}, []truth{yes, no, no, yes}},
	} {
		if got := d.outcomes(query, Assumption{1: c.State}); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %d, want %d", c.State, got, c.want)
		}
	}
}

// TestUnlistedTestsStay shows that no value of theirs is taken for known.
func TestUnlistedTestsStay(t *testing.T) {
	t.Parallel()
	d := setup(t, typed)
	d.decides(t, false, []listed{
		{"bpchar", `$1 = ''`, `$1 = 'a'`, `$1 IN ('a', 'b')`, `NULLIF($1, 'a') IS NULL`, `$1::text = 'a'`, `$1::varchar = 'a'`},
		{"citext", `$1 = 'a'`, `$1 IN ('a', 'b')`, `CASE $1 WHEN 'a' THEN true END`, `NULLIF($1, 'a') IS NULL`, `$1 <> ''`, `$1::text = 'a'`},
		{"numeric", `$1 = 0`, `$1 IN (0, 1)`, `NULLIF($1, 0) IS NULL`}, {"float8", `$1 = 0`, `$1 = '-0'`}, {"timestamptz", `$1 = 'infinity'`}, {"date", `$1 = 'infinity'`},
		{"jsonb", `$1 = '{}'`}, {"json", `$1::text = '{}'`}, {"\"char\"", `$1 = 'a'`}, {"name", `$1 = 'a'`}, {"oid", `$1 = 0`, `$1::int4 = 0`}, {"bytea", `$1 = ''`},
		{"checked", `$1 IS NULL`, `$1 = 'a'`}, {"deeper", `$1 IS NULL`, `$1 = 'a'`}, {"needed", `$1 IS NULL`, `$1 = 'a'`}, {"short", `$1 = 'a'`}, {"folded", `$1 = 'a'`, `$1 IN ('a', 'b')`, `NULLIF($1, 'a') IS NULL`, `CASE $1 WHEN 'a' THEN true END`, `$1 = ANY('{a}')`},
		{"pair", `$1 IS NULL`, `$1 IS NOT NULL`}, {"int2vector", `cardinality($1) = 0`, `array_length($1, 1) IS NULL`},
		{"text", `$1 = 'a' COLLATE "C"`, `$1 = 'a' COLLATE loose`, `$1 IN ('a' COLLATE loose, 'b')`, `$1 COLLATE loose = 'a'`, `$1 === 'a'`, `$1 OPERATOR(own.=) 'a'`, `$1 LIKE 'a'`, `$1 > ''`, `$1 >= ''`, `lower($1) = 'a'`, `$1 || '' = 'a'`, `$1::varchar(1) = 'a'`, `$1::bpchar = ''`,
			`$1 BETWEEN 'a' AND 'a'`, `$1 = lower('a')`, `trim($1) = ''`, `length($1) = 0`, `$1 ~ 'a'`, `$1 = ANY(ARRAY['a', lower('b')])`, `NULLIF($1, '')::text = lower('a')`,
			`starts_with($1, 'a')`, `$1::name = 'a'`, `ROW($1) IS NULL`, `ROW($1, 'a'::text) IS NOT NULL`, `CASE lower($1) WHEN 'a' THEN true END`, `greatest($1, 'a') = 'a'`, `$1 IS DISTINCT FROM 'a'`},
		{"int", `$1 > 0`, `$1 >= 1`, `$1 < 1`, `$1 <= 0`, `0 < $1`, `$1 = 0.0`, `$1 + 0 = 0`, `$1::text = '0'`, `$1::bool`, `$1 BETWEEN 0 AND 0`, `$1 # 0 = 0`},
		{"bigint", `$1 > 0`, `$1 = 0.5`}, {"smallint", `$1::int = 0`},
		{"bool", `$1::text = 'true'`, `$1 > false`, `$1::int = 1`, `$1 IS DISTINCT FROM true`},
		{"int[]", `own.cardinality($1) = 0`, `array_length($1, 2) IS NULL`, `array_ndims($1) IS NULL`, `$1 = '{1}'`, `$1 @> '{}'`, `$1 <@ '{}'`, `cardinality($1 || $1) = 0`, `array_upper($1, 1) IS NULL`, `$1[1] IS NULL`, `cardinality($1[1:2]) = 0`, `$1 > '{}'`, `1 = ANY($1)`},
	})
}

// decides holds each condition against each value. What is decided must be what
// PostgreSQL says.
func (d *database) decides(t *testing.T, want bool, tests []listed) {
	t.Helper()
	for _, c := range tests {
		typ, conditions := c[0], c[1:]
		query := d.conditions(t, conditions, typ)
		for _, v := range samples[typ] {
			got := d.outcomes(query, Assumption{1: v.state})
			said := d.says(t, conditions, []string{typ}, []sample{v})
			for i := range conditions {
				switch {
				case !want && got[i] != open:
					t.Errorf("%s with %s %s is decided: %d", conditions[i], typ, v.sql, got[i])
				case want && got[i] != said[i]:
					t.Errorf("%s with %s %s: %d, PostgreSQL says %d", conditions[i], typ, v.sql, got[i], said[i])
				}
			}
			d.excludes(t, query, conditions, v, said, samples[typ])
		}
	}
}

// excludes assumes that a value is none of more and more others. What that decides must
// be what PostgreSQL says.
func (d *database) excludes(t *testing.T, query *tree.Node, conditions []string, v sample, said []truth, all []sample) {
	t.Helper()
	if v.state.null() {
		return
	}
	var s State
	check := func() {
		for i, got := range d.outcomes(query, Assumption{1: s}) {
			if got != open && got != said[i] {
				t.Errorf("%s with %s, known not to be %v: %d, PostgreSQL says %d", conditions[i], v.sql, s.Not, got, said[i])
			}
		}
	}
	check()
	for _, o := range all {
		is := o.state.Is
		if is == nil || o.state.null() || v.state.Is != nil && *is == *v.state.Is || slices.Contains(s.Not, *is) {
			continue
		}
		s.Not = append(s.Not, *is)
		check()
	}
}

// The bytes of a text are then not those of Go's.
func TestTextsOfAnotherEncodingAreNotCompared(t *testing.T) {
	t.Parallel()
	d := setup(t, "")
	cfg := d.conn.Config()
	cfg.Database += "_latin"
	name := pgx.Identifier{cfg.Database}.Sanitize()
	d.exec(t, "CREATE DATABASE "+name+" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	defer func() { d.exec(t, "DROP DATABASE "+name) }()
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	latin := &database{conn: conn}
	defer func() { _ = conn.Close(t.Context()) }()
	if latin.cat, err = catalog.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	query := latin.conditions(t, []string{"$1 = 'ä'", "$1 IN ('ä', 'a')", "$1 = 'a'", "$1 IS NULL"}, "text")
	if got, want := latin.outcomes(query, Assumption{1: str("ä")}), []truth{open, open, open, no}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
