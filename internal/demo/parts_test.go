package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
)

// fault is what another session does while a part is shown, and what the part
// must say of it. A part that held all the same would prove nothing.
type fault struct {
	name, title string
	before      string // statements ahead of the part
	at, then    string // a line of the part, and statements at that moment
	finding     string
}

// Later faults work on what the earlier ones left.
var faults = []fault{
	{"money is made", "contended transfers, SERIALIZABLE", "", "between 10 accounts",
		"UPDATE accounts SET balance_cents = balance_cents + 1 WHERE id = 20", "the sum was 20000.00 and is 20000.01"},
	{"history is lost", "contended transfers, SERIALIZABLE", "DELETE FROM transfers", "between 10 accounts",
		"DELETE FROM transfers WHERE id = (SELECT min(id) FROM transfers)", "the history grew by 799 transfers, 800 were reported"},
	{"an account is missing", "contended transfers, SERIALIZABLE", "DELETE FROM transfers; DELETE FROM accounts WHERE id = 1",
		"", "", " transfers failed: transfer: account 1 does not exist"},
	{"a task's work is lost", "batch job killed and resumed", "", "were committed before",
		"DELETE FROM job_cursors WHERE job = 'task 1'", "100 tasks are done, 99 left their work, the cursor counts 100; want 100 each"},
	{"the cursor is lost", "batch job killed and resumed", freshTasks, "were committed before",
		"DELETE FROM job_cursors WHERE job = 'reindex'", "100 tasks are done, 100 left their work, the cursor counts 50; want 100 each"},
	{"a task comes back", "batch job killed and resumed", freshTasks, "killed in the middle",
		"UPDATE tasks SET (state, ended_at) = (SELECT state, ended_at FROM tasks WHERE id = 100) WHERE id = 1", "49 tasks are done after 10 chunks of 5"},
	{"a task is lost", "batch job killed and resumed", freshTasks, "were committed before",
		"DELETE FROM tasks WHERE id = 90", "99 tasks are done, 99 left their work, the cursor counts 99; want 100 each"},
	{"no tasks to be killed in", "batch job killed and resumed", "DELETE FROM tasks", "", "", "0 sessions were killed, want that of the job"},
	{"a review is lost in between", "N+1 against one round trip", "", "a statement a book",
		"DELETE FROM reviews WHERE id = (SELECT min(id) FROM reviews)", "one statement found 99 reviews of 245 books, the loop 100 of 245"},
	{"a scope leaves something behind", "one connection for a scope", "", "in the scope: ",
		"CREATE TABLE picked (id int)", "240 sessions were not clean: "},
	{"a price is stale", "cached against direct reads", `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN NEW.price_cents := OLD.price_cents; RETURN NEW; END';
		CREATE TRIGGER keep BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION keep()`, "", "", "a stale price of 42.99 was served"},
	{"the databases are mixed up", "two databases, chosen by context", "DROP TRIGGER keep ON books", " in the shop and ",
		"UPDATE books SET price_cents = price_cents + 1 WHERE id = 1", " reads failed: the price in the shop is "},
	{"no sales", "reports", "TRUNCATE sales", "", "", "7 days and 0 products, want 7 and 5"},
	{"a missing book", "cached against direct reads", "DELETE FROM books WHERE id = 2", "", "", " reads failed: "},
	{"nothing to find", "dynamic search, no string building", "TRUNCATE books CASCADE", "", "", "no filter, newest first: found nothing"},
	{"nothing to put in a scope", "one connection for a scope", "DROP TABLE picked", "", "", "the temporary table has 0 books, want 10"},
	{"no books", "connection pool under stress", "", "", "", "there are no books to read"},
}

// freshTasks makes all tasks ready, as after the load.
const freshTasks = `DELETE FROM job_cursors;
	INSERT INTO tasks (id, kind, payload) SELECT -id, kind, payload FROM tasks;
	DELETE FROM tasks WHERE id > 0; UPDATE tasks SET id = -id`

func TestAPartSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	all, current := everything(), fault{}
	change := func(s *stage, sql string) {
		onServer(t, s.dsn, func(conn *pgx.Conn) {
			if _, err := conn.Exec(context.Background(), sql); err != nil {
				t.Errorf("%s: %v", current.name, err)
			}
		})
	}
	var on *stage
	var parts []part
	for _, f := range faults {
		original := all.part(t, f.title)
		parts = append(parts, part{f.name, func(ctx context.Context, s *stage) (string, error) {
			on, current = s, f
			change(s, f.before)
			finding, err := original.show(ctx, s)
			if err == nil || !strings.Contains(err.Error(), f.finding) {
				t.Errorf("%s: error %v, want %q", f.name, err, f.finding)
			}
			return finding, err
		}})
	}
	ended := perform(t, t.Context(), shared(t), only(parts...), func(line string) error {
		if current.at != "" && strings.Contains(line, current.at) {
			sql := current.then
			current.at = ""
			change(on, sql)
		}
		return nil
	})
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	for _, f := range faults {
		ended.shows(t, "] "+f.name+"\n", "DID NOT HOLD: ", f.finding, "Summary", f.name+"  ", "NO", f.finding)
	}
}

func TestMigrationsThatCannotBeAppliedEndTheShow(t *testing.T) {
	t.Parallel()
	server := shared(t)
	ended := perform(t, t.Context(), server, everything(), tamper(t, server, "[1/", "CREATE TABLE authors (id int)"))
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	ended.shows(t, "DID NOT HOLD: ", `relation "authors" already exists`, "Summary", "NO", "0 of 14 parts held")
	ended.hides(t, "[2/14]")
}

func TestMigrationsThatCannotBeTakenBackEndTheShow(t *testing.T) {
	t.Parallel()
	server := shared(t)
	ended := perform(t, t.Context(), server, everything(), tamper(t, server, "[1/", "CREATE DOMAIN isbn AS text; CREATE TABLE other (n int)"))
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	ended.shows(t, "DID NOT HOLD: 2 relations, types and functions are left after all migrations were taken back", "0 of 14 parts held")
}

func TestALoadThatLosesSalesEndsTheShow(t *testing.T) {
	t.Parallel()
	server := shared(t)
	ended := perform(t, t.Context(), server, everything(), tamper(t, server, "[2/",
		`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		CREATE TRIGGER lose BEFORE INSERT ON sales FOR EACH ROW WHEN (NEW.id = 77) EXECUTE FUNCTION lose()`))
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	ended.shows(t, "[2/14]", "DID NOT HOLD: ", "sales", "Summary", "1 of 14 parts held")
	ended.hides(t, "[3/14]")
}

// with returns p with something done to the stage ahead of it.
func with(p part, change func(ctx context.Context, s *stage) error) part {
	return part{p.title, func(ctx context.Context, s *stage) (string, error) {
		if err := change(ctx, s); err != nil {
			return "", err
		}
		return p.show(ctx, s)
	}}
}

// Each of these parts gets something untrue, or something in its way.
func TestAPartIsNotBelievedWithoutProof(t *testing.T) {
	t.Parallel()
	all := everything()
	lost, health := all.part(t, "server lost under load"), all.part(t, "health report")
	var name string
	var held pgx.Tx
	begin := func(ctx context.Context, s *stage) (err error) {
		held, err = s.db.BeginTx(ctx, pgx.TxOptions{})
		return err
	}
	p := only(
		with(all.part(t, "contended transfers, SERIALIZABLE"), func(_ context.Context, s *stage) error {
			s.retries = &retryCounter{} // not the one that counts retries
			return nil
		}),
		with(all.part(t, "batch job killed and resumed"), begin),
		with(health, func(ctx context.Context, s *stage) error {
			_ = held.Rollback(ctx) // it is dead
			return begin(ctx, s)
		}),
		with(lost, func(ctx context.Context, s *stage) error {
			s.bound = time.Nanosecond
			return held.Rollback(ctx)
		}),
		with(lost, func(_ context.Context, s *stage) error {
			name, s.database = s.database, "elsewhere"
			return nil
		}),
		part{"a state that never comes", func(ctx context.Context, s *stage) (string, error) {
			s.database = name
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			_, err := s.awaitHealth(ctx, db.Starting)
			return "", err
		}},
	)
	ended := perform(t, t.Context(), shared(t), p, nil)
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	ended.shows(t, "0 attempts collided", "DID NOT HOLD: no attempt collided",
		"DID NOT HOLD: 2 sessions were killed, want that of the job",
		"DID NOT HOLD: 1 connections are still in use",
		"DID NOT HOLD: not our server: ended our own ", " and the first read succeeded ", "more than 1ns",
		"our own 0 sessions", "DID NOT HOLD: there was no session to end",
		"DID NOT HOLD: the monitor still says that the server is ", "context deadline exceeded",
		"Summary", "3 of 9 parts held")
}
