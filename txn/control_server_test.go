package txn

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// verdict is what the server makes of a text that it gets in a transaction.
type serverVerdict struct {
	tags   []string                // of the statements that were completed
	failed *pgproto3.ErrorResponse // of the next one, or of the text
	alive  bool                    // it is still the same transaction
}

// referee asks the server for its verdicts, many in one round trip.
type referee struct {
	t    *testing.T
	wire *pgconn.HijackedConn
}

// newReferee begins a session that reads texts by the rules.
func newReferee(t *testing.T, db *pgtest.DB, rules sqltext.Rules) *referee {
	t.Helper()
	conn := db.Conn()
	for _, sql := range []string{
		"set escape_string_warning = off", "set client_min_messages = error",
		"set standard_conforming_strings = " + map[bool]string{true: "off", false: "on"}[rules.Backslashes],
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	wire, err := conn.PgConn().Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = wire.Conn.Close() })
	if err := wire.Conn.SetDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return &referee{t: t, wire: wire}
}

// judge sends each text in a transaction of its own, in which there are the
// savepoints base, which no text knows, and s. Rolling back to base tells whether it
// is still the same.
func (r *referee) judge(texts []string) []serverVerdict {
	r.t.Helper()
	for _, sql := range texts {
		for _, q := range []string{"rollback; deallocate all; begin; savepoint base; savepoint s", sql, "rollback to base"} {
			r.wire.Frontend.SendQuery(&pgproto3.Query{String: q})
		}
	}
	sent := make(chan error, 1)
	go func() { sent <- r.wire.Frontend.Flush() }()
	verdicts := make([]serverVerdict, len(texts))
	for i := range verdicts {
		if setup := r.answer(); setup.failed != nil {
			r.t.Fatalf("the transaction of %q: %v", texts[i], setup.failed)
		}
		verdicts[i] = r.answer()
		verdicts[i].alive = r.answer().failed == nil
	}
	if err := <-sent; err != nil {
		r.t.Fatal(err)
	}
	return verdicts
}

func (r *referee) answer() (v serverVerdict) {
	r.t.Helper()
	for {
		message, err := r.wire.Frontend.Receive()
		if err != nil {
			r.t.Fatal(err)
		}
		switch m := message.(type) {
		case *pgproto3.CommandComplete:
			v.tags = append(v.tags, string(m.CommandTag))
		case *pgproto3.ErrorResponse:
			failed := *m
			v.failed = &failed
		case *pgproto3.ReadyForQuery:
			return v
		}
	}
}

// tagOf is the first word of the tag of a statement that begins with a word.
var tagOf = map[string]string{"values": "SELECT", "with": "SELECT", "table": "SELECT", "end": "COMMIT", "abort": "ROLLBACK", "start": "START"}

// unlike returns how the server's verdict is not what we read in the text. usable is
// false when the server's parser refused the text, and with it all of its statements.
func unlike(sql string, rules sqltext.Rules, v serverVerdict) (usable bool, problem string) {
	list := slices.Collect(rules.Statements(sql))
	if v.failed != nil && slices.Contains([]string{"scan.l", "gram.y", "parser.c"}, v.failed.File) && len(v.tags) == 0 {
		if !v.alive {
			return false, "a text that was not parsed ended the transaction"
		}
		return false, ""
	}
	if v.failed == nil && len(v.tags) != len(list) || len(v.tags) > len(list) || v.failed != nil && len(v.tags) == len(list) {
		return true, fmt.Sprintf("%d statements are %d: %v", len(v.tags), len(list), list)
	}
	ended, began := false, false
	for i, tag := range v.tags {
		statement := list[i].Text(sql)
		verb := sqltext.Fold(sqltext.Verb(statement))
		if want, got := strings.ToUpper(verb), strings.Fields(tag)[0]; got != want && got != tagOf[verb] && verb != "execute" {
			return true, fmt.Sprintf("statement %d begins with %q and is a %s", i, verb, tag)
		}
		if controls(statement, rules) != tellsTheEnd(tag, statement, rules) {
			return true, fmt.Sprintf("statement %d is a %s, by its text it controls the transaction: %t", i, tag, controls(statement, rules))
		}
		began = began || verb == "begin" || verb == "start"
		ended = ended || controls(statement, rules) && verb != "begin" && verb != "start"
	}
	if v.failed != nil {
		failing := list[len(v.tags)]
		if at := int(v.failed.Position); at > 0 {
			if offset := len(string([]rune(sql)[:at-1])); offset < failing.First || offset > failing.End {
				return true, fmt.Sprintf("statement %d fails at %d, and is from %d to %d", len(v.tags), offset, failing.First, failing.End)
			}
		}
		ended = ended || !v.alive && controls(failing.Text(sql), rules) // PREPARE TRANSACTION rolls back when it fails
	}
	switch {
	case v.alive == ended:
		return true, fmt.Sprintf("it is still the same transaction: %t, by the text: %t", v.alive, !ended)
	case !v.alive && !endsTransaction(sql, rules):
		return true, "it ended the transaction and would be sent"
	case v.failed == nil && endsTransaction(sql, rules) != (ended || began):
		return true, "it would be refused for nothing"
	}
	return true, ""
}

// A full run of this has a hundred thousand texts; see the Makefile.
func TestTheServerReadsEveryTextAsWeDo(t *testing.T) {
	t.Parallel()
	count, seed := 20_000, uint64(1)
	if s := os.Getenv("SQLKEEL_TEXTS_COUNT"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	if s := os.Getenv("SQLKEEL_TEXTS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	db := pgtest.New(t)
	for _, rules := range []sqltext.Rules{{}, {Backslashes: true}} {
		t.Run(fmt.Sprintf("backslashes %t", rules.Backslashes), func(t *testing.T) {
			t.Parallel()
			share := count * 3 / 4
			if rules.Backslashes {
				share = count - share
			}
			compareTexts(t, newReferee(t, db, rules), newAuthor(seed, rules), share)
		})
	}
}

func compareTexts(t *testing.T, r *referee, a *author, count int) {
	usable, several, ends, wrong := 0, 0, 0, 0
	for done := 0; done < count; {
		texts := make([]string, min(200, count-done))
		for i := range texts {
			texts[i] = a.text()
		}
		for i, v := range r.judge(texts) {
			used, problem := unlike(texts[i], a.rules, v)
			if problem != "" {
				if wrong++; wrong <= 5 {
					t.Errorf("%q: %s\ntags %q, error %v", texts[i], problem, v.tags, v.failed)
				}
			}
			if used {
				usable++
			}
			if len(v.tags) > 1 {
				several++
			}
			if !v.alive {
				ends++
			}
		}
		done += len(texts)
	}
	t.Logf("%d texts: the server took %d, %d of several statements, %d that ended the transaction; %d were read otherwise", count, usable, several, ends, wrong)
	if usable < count/2 || several < count/10 || ends < count/10 {
		t.Errorf("the texts show little: of %d the server took %d, %d of several statements, %d that ended the transaction", count, usable, several, ends)
	}
}
