package scratch

import "testing"

// dump is what pg_dump writes, shortened.
const dump = `--
-- PostgreSQL database dump
--

\restrict hCfkAGbXzwCvHkuUk9hbkS3n

SET statement_timeout = 0;
SET sqlkeel_nothing = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;
COMMENT ON EXTENSION plpgsql IS 'x';

CREATE FUNCTION public.one() RETURNS integer
    LANGUAGE plpgsql
    AS $$
begin
\restrict is text here
end;
$$;

ALTER FUNCTION public.one() OWNER TO sqlkeel_nobody;

SET default_table_access_method = heap;

CREATE TABLE public.things (id bigint NOT NULL, note text);
ALTER TABLE public.things OWNER TO sqlkeel_nobody;

COPY public.things (id, note) FROM stdin;
1	it's; here
2	\N
\.

SELECT pg_catalog.setval('public.nothing', 1, true);

ALTER TABLE ONLY public.things ADD CONSTRAINT things_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE public.things TO sqlkeel_nobody;

\unrestrict hCfkAGbXzwCvHkuUk9hbkS3n
`

func TestFilesOfEveryToolAreApplied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"plain SQL": {[]string{"a.sql", "CREATE TABLE a (id int); CREATE VIEW v AS SELECT * FROM a;"}, "a v"},
		"goose": {[]string{"1.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n" +
			"  -- +goose Down is text here\n  RETURN 1;\nEND;\n$$;\n-- +goose StatementEnd\nCREATE TABLE b (id int DEFAULT f());\n-- +goose Down\nDROP TABLE b;\nDROP TABLE a;\n",
			"2.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON a (id);\nCREATE TABLE c (id int);\n\n  --  +goose Down\nDROP TABLE c;\n"}, "a b c"},
		"golang-migrate": {[]string{"1_a.up.sql", "BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\n", "2_b.up.sql", "CREATE TABLE b (id int);"}, "a b"},
		"sql-migrate":    {[]string{"1.sql", "-- +migrate Up notransaction\nCREATE TABLE a (id int);\n\n-- +migrate Down\nDROP TABLE a;\n"}, "a"},
		"dbmate":         {[]string{"1.sql", "-- migrate:up transaction:false\nCREATE TABLE a (id int);\n\n-- migrate:down\nDROP TABLE a;\n"}, "a"},
		"tern":           {[]string{"1.sql", "CREATE TABLE a (id int);\n\n---- create above / drop below ----\n\nDROP TABLE a;\n"}, "a"},
		"sqlc's own": {[]string{"q.sql", "CREATE TABLE a (id int);\n\n-- name: Get :one\nSELECT * FROM a WHERE id = @id;\n\n/* name: Del :exec */\nDELETE FROM a WHERE id = sqlc.arg('id');\n" +
			"INSERT INTO a VALUES ($1);\nINSERT INTO a VALUES (1);\nCREATE TABLE b AS SELECT * FROM a;"}, "a b"},
		"a byte order mark":   {[]string{"1.sql", "\uFEFFCREATE TABLE a (id int);"}, "a"},
		"lines of Windows":    {[]string{"1.sql", "-- +goose Up\r\nCREATE TABLE a (id int);\r\n-- +goose Down\r\nDROP TABLE a;\r\n"}, "a"},
		"an enum's value":     {[]string{"1.sql", "CREATE TYPE e AS ENUM ('a');\nALTER TYPE e ADD VALUE 'b';\nCREATE TABLE a (e e DEFAULT 'b');"}, "a"},
		"a body of SQL":       {[]string{"1.sql", "CREATE TABLE a (id int);\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\nCREATE TABLE b (id int);"}, "a b"},
		"a rule of two":       {[]string{"1.sql", "CREATE TABLE a (id int); CREATE RULE r AS ON INSERT TO a DO ALSO (SELECT 1; SELECT 2); CREATE TABLE b ();"}, "a b"},
		"nothing":             {[]string{"1.sql", "-- nothing\n;;\n"}, ""},
		"no files":            {nil, ""},
		"schemas":             {[]string{"1.sql", `CREATE SCHEMA "Über"; CREATE TABLE "Über"."T" (id int);`}, "Über.T"},
		"vacuum among others": {[]string{"1.sql", "CREATE TABLE a (id int);\nVACUUM a;\nCREATE TABLE b (id int);"}, "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := b.open(t, Options{Strict: true}, c.files...)
			if got := relations(t, d); got != c.want {
				t.Errorf("relations = %q, want %q", got, c.want)
			}
			expect(t, told(d), nil)
		})
	}
}

func TestADumpIsApplied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{}, "dump.sql", dump, "next.sql", "CREATE TABLE later (id bigint REFERENCES things);")
	if got, want := relations(t, d), "later things"; got != want {
		t.Errorf("relations = %q, want %q", got, want)
	}
	if got := one[string](t, d, "SHOW search_path"); got != `"$user", public` {
		t.Errorf("search_path of a new session = %s", got)
	}
	expect(t, told(d), []string{
		`warning dump.sql:8:1: unrecognized configuration parameter "sqlkeel_nothing" (SQLSTATE 42704)`,
		`warning dump.sql:25:1: role "sqlkeel_nobody" does not exist (SQLSTATE 42704) (and at 2 more places)`,
		`warning dump.sql:37:26: relation "public.nothing" does not exist (SQLSTATE 42P01): left out, as it changes data and no part of the schema`,
	})
}
