package migrate

import "testing"

const between = `: put it between "-- +goose StatementBegin" and "-- +goose StatementEnd"`

func TestAStatementThatGooseCutsInTwoIsReportedOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, want string }{
		"a function's body": {inUp("CREATE FUNCTION f(n integer) RETURNS integer AS $$\nBEGIN\n  RETURN n + 1;\nEND;\n$$ LANGUAGE plpgsql;\nSELECT 1;"),
			"2:1: error: goose cuts this statement off at the semicolon that ends line 4, inside a dollar-quoted string" + between},
		"a tagged body, behind another statement": {inUp("SELECT 1; DO $do$ BEGIN\nPERFORM $$;$$; -- x\nEND $do$;\nSELECT $1$;\n;"),
			"2:11: error: goose cuts this statement off at the semicolon that ends line 3, inside a dollar-quoted string" + between},
		"a string":                   {inUp("INSERT INTO t VALUES ('a;\nb');"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a string" + between},
		"a string with escapes":      {inUp("SELECT E'it\\'s;\n';"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a string" + between},
		"a string with doubled ones": {inUp("SELECT 'it''s;\n';"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a string" + between},
		"a quoted name":              {inUp("CREATE TABLE \"a;\nb\" (id int);"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a quoted name" + between},
		"a comment":                  {inUp("SELECT 1 /* a;\n/* b; */\n*/;"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a comment" + between},
		"a comment before all":       {inUp("/* a;\n*/ SELECT 1;"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a comment" + between},
		"BEGIN ATOMIC":               {inUp("CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC\n  SELECT 1;\n  SELECT CASE WHEN true THEN 2 END;\nEND;\nSELECT 1;"), "2:1: error: goose cuts this statement off at the semicolon that ends line 4, inside a body between BEGIN ATOMIC and END" + between},
		"a rule":                     {inUp("CREATE OR REPLACE RULE r AS ON INSERT TO t DO ALSO (\nSELECT 1;\nSELECT 2\n);"), "2:1: error: goose cuts this statement off at the semicolon that ends line 3, inside the parentheses of a rule" + between},
		"two, one in each section":   {"-- +goose Up\nSELECT ';\n';\nSELECT 1;\n-- +goose Down\nDO $$;\n$$;\nSELECT ';\n';\n", "2:1: error: goose cuts\n6:1: error: goose cuts\n8:1: error: goose cuts"},
		"one that never ends":        {inUp("SELECT 'a;\nSELECT 2;"), "2:1: error: goose cuts this statement off at the semicolon that ends line 2, inside a string" + between},
		"all of these in blocks": {inUp(inBlock("CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n;\nEND;\n$$;") + "\n" + inBlock("SELECT 'a;\n';") + "\n" + inBlock("/* a;\n*/ SELECT \"a;\n\" FROM t") + "\n" +
			inBlock("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\nSELECT 1;\nEND;")), ""},
		"and what only looks alike":      {inUp("SELECT 1 AS begin, 2 AS atomic;\nSELECT 'a''', 'b;', \"c;\", $$d;$$, E'\\\\'; -- 'e;\nSELECT $1;\nSELECT a$$;\nSELECT 1 -- ';\n;\nSELECT (1;\nSELECT U&';' ;\nSELECT 2 /* 'f */;"), ""},
		"a block that ends in a string":  {inUp(inBlock("SELECT 1;\nSELECT 'a;")), "4:8: error: the string is not closed before \"-- +goose StatementEnd\" on line 5"},
		"a block that ends in a body":    {inUp(inBlock("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\nSELECT 1;")), "3:1: error: the block ends inside a body between BEGIN ATOMIC and END: close it before \"-- +goose StatementEnd\""},
		"a block that ends in a comment": {inUp(inBlock("/* SELECT 1;\n/* */")), "3:1: error: the comment is not closed before"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, tc.file, tc.want)
		})
	}
}

func TestTheReasonWhyGooseSeesNoEndIsNamed(t *testing.T) {
	t.Parallel()
	const unseen = "error: goose does not see the semicolon that ends the statement, because of "
	const dashes, behind = "the \"--\" before it, which goose takes for a comment: put", "what stands behind it on the line: put"
	for name, tc := range map[string]struct{ up, want string }{
		"dashes in a string":                {"INSERT INTO t VALUES (1, 'one -- two');", "2:1: " + unseen + dashes},
		"dashes in a name":                  {"SELECT 1;\nSELECT a\n  FROM \" -- \";", "3:1: " + unseen + dashes},
		"dashes in a dollar quote":          {"SELECT $$ --a $$;", "2:1: " + unseen + dashes},
		"a comment behind the semicolon":    {"SELECT 1; /* one */", "2:1: " + unseen + behind},
		"a comment glued to the semicolon":  {"SELECT 1;--one", "2:1: " + unseen + behind},
		"a comment alone":                   {"SELECT 1;\n/* the end */", "3:1: error: goose takes a comment between /* and */ for a statement that is not ended by a semicolon: begin its lines with --"},
		"no semicolon":                      {"SELECT 1;\n  SELECT 2 -- ;", "3:3: error: the statement is not ended by a semicolon at the end of a line"},
		"no semicolon after others":         {"SELECT 1; SELECT 2", "2:11: error: the statement is not ended by a semicolon at the end of a line"},
		"a string that is open":             {"SELECT 1;\nSELECT 'a", "4:1: error: goose takes this line for an annotation, although it stands in a string (begun on line 3): close that, or"},
		"a body that is open":               {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC", "2:1: error: the statement ends inside a body between BEGIN ATOMIC and END"},
		"two that goose takes for one":      {"SELECT '-- a' , ' -- b';\nSELECT 2;", "3:1: warning: goose sends this statement together with the one before it, whose semicolon it does not see because of the \"--\" before it, which goose takes for a comment"},
		"none of it, before a blank":        {"SELECT 1; -- one\nSELECT '--';\nSELECT 2 ;\t--two\n;;", ""},
		"none of it, a comment with dashes": {"SELECT 1 -- a; b\n;", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, inUp(tc.up), tc.want)
		})
	}
}

func TestAnnotationsThatGooseTakesOtherwiseAreReported(t *testing.T) {
	t.Parallel()
	const inside = "error: goose takes this line for an annotation, although it stands in a "
	for name, tc := range map[string]struct{ file, want string }{
		"any case and spacing that goose takes": {"--+goose up\nSELECT 1;\n-- +goose   STATEMENTBEGIN\nSELECT 2\n--   +goose statementend   \n-- +goose DOWN\n", ""},
		"another case of goose":                 {inUp("SELECT 1;\n-- +Goose Down\nDROP TABLE a;"), "3:1: error: goose does not take this line for an annotation: it must begin with \"-- +goose\", in lower case"},
		"a blank, and no plus":                  {inUp("-- + goose StatementBegin\nSELECT 1;\n-- goose no transaction"), "2:1: error: goose does not take this line\n4:1: error: goose does not take this line"},
		"prose":                                 {inUp("-- goose up and down\n-- goose\nSELECT 1; -- goose Downs"), ""},
		"behind a statement":                    {inUp(inBlock("SELECT 1; -- +goose StatementEnd")), "3:11: error: goose does not take this comment for an annotation: write it as \"-- +goose\", in lower case, on a line of its own"},
		"two blanks within":                     {"-- +goose NO  TRANSACTION\n" + inUp("SELECT 1;"), "1:1: error: unknown goose annotation \"NO  TRANSACTION\""},
		"two on a line":                         {"-- +goose NO TRANSACTION +goose Up\n" + inUp("SELECT 1;"), "1:1: error: unknown goose annotation"},
		"none on the line":                      {"-- +goose\n" + inUp("SELECT 1;"), "1:1: error: unknown goose annotation \"\""},
		"Down in a comment":                     {inUp("/*\n-- +goose Down\n*/ SELECT 1;"), "3:1: " + inside + "comment (begun on line 2): close that, or begin the line with something else than \"--\""},
		"NO TRANSACTION in a string":            {inUp("SELECT '\n-- +goose NO TRANSACTION\n';"), "3:1: " + inside + "string"},
		"Up in a function's body":               {inUp(inBlock("DO $$ BEGIN\n-- +goose Up\nEND $$;")), "4:1: " + inside + "dollar-quoted string"},
		"ENVSUB in a function's body":           {inUp(inBlock("DO $$ BEGIN\n-- +goose ENVSUB ON\n-- +goose ENVSUB OFF\nEND $$;")), ""},
		"ENVSUB in a string":                    {inUp("SELECT '\n-- +goose ENVSUB ON\n';"), "3:1: warning: goose takes this line for an annotation and out of the string that it stands in"},
		"in a string, behind other text":        {inUp("SELECT 'x +goose Down';\nSELECT '\n +goose Down';"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, tc.file, tc.want)
		})
	}
}
