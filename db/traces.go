package db

import (
	"context"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// traces remembers what texts leave behind, each text in a place of its own or in
// that of another one, which is then read anew.
type traces struct {
	seed   maphash.Seed
	places [512]atomic.Pointer[tracedText]
}

type tracedText struct {
	sql     string
	escapes bool // it has a backslash, which a session may read in another way
	trace
}

// readBy reports whether conn reads the text as usual. A session that does not is rare,
// and not worth a place.
func (t *tracedText) readBy(conn *pgx.Conn) bool {
	return !t.escapes || conn.PgConn().ParameterStatus("standard_conforming_strings") != "off"
}

// longestKept bounds the memory that texts take here: 2 MB.
const longestKept = 4096

// traceOf reads a text that is sent by conn, or remembers it. s is what is known of
// it, or nil.
func (d *DB) traceOf(conn *pgx.Conn, s *stmt.Statement, sql string) trace {
	place := &d.traces.places[maphash.String(d.traces.seed, sql)%uint64(len(d.traces.places))]
	if text := place.Load(); text != nil && text.sql == sql && text.readBy(conn) {
		return text.trace
	}
	text := &tracedText{sql, strings.Contains(sql, `\`), d.read(conn, s, sql)}
	if text.readBy(conn) && len(sql) <= longestKept {
		place.Store(text)
	}
	return text.trace
}

func (d *DB) read(conn *pgx.Conn, s *stmt.Statement, sql string) trace {
	rules := sqltext.RulesOf(conn.PgConn().ParameterStatus)
	harmless := d.harmless.Load()
	known := func(name string) bool { return harmless != nil && (*harmless)[name] }
	if s != nil && s.ReadOnly && !s.Volatile && !s.Anything && s.Session == "" {
		// What its functions do is known to the bottom, and is nothing.
		known = func(string) bool { return true }
	}
	found := traceOf(sql, rules, known)
	if s != nil && s.Session != "" { // by a body, trigger or view that no text shows
		found.mark = max(found.mark, cleanable)
		if by, _, _ := strings.Cut(s.Session, " "); lastingCalls[by] {
			found.mark = lasting
		}
	}
	return found
}

// Admit marks the lease with what a text leaves behind, before it is sent. s is what
// is known of it, or nil. The error is a *pgerr.PoolerError for what would be left to other
// clients of a pooler.
func (l *lease) Admit(s *stmt.Statement, sql string, args []any) error {
	if exec.Rewrites(args) && l.d.pooler() != Transaction {
		l.left = max(l.left, cleanable)
	}
	left := l.d.traceOf(l.conn, s, sql)
	if left.mark == traceless {
		return nil
	}
	if l.d.pooler() == Transaction {
		// The session is another one by now: nothing can be undone.
		return l.d.refuse(left.use)
	}
	l.left = max(l.left, left.mark)
	return nil
}

func (l *lease) admit(c *exec.Call) error { return l.Admit(c.Statement, c.SQL, c.Args) }

// sweep undoes what the use left in the session, or closes the connection.
func (l *lease) sweep() {
	if l.left != lasting {
		l.clean(context.Background())
		return
	}
	l.info.reason = ClosedDirty
	ctx, cancel := context.WithTimeout(context.Background(), l.d.cfg.PingTimeout)
	defer cancel()
	_ = l.conn.Close(ctx) // it is open and idle, and of no use
}

// harmlessQuery returns the words that may stand before a parenthesis and leave
// nothing behind in the session: keywords, and functions that are built in or in C
// and do not change from call to call, except the volatile ones that are listed. What
// any schema has a function of another kind for is not among them.
const harmlessQuery = `
	SELECT pg_backend_pid(), ARRAY(
		SELECT word::text FROM pg_get_keywords() WHERE catcode <> 'U' OR word IN ('by', 'over', 'filter', 'set', 'key',
			'conflict', 'include', 'insert', 'sets', 'cube', 'rollup', 'range', 'columns', 'materialized', 'operator',
			'explain', 'zone', 'identity')
		UNION
		SELECT proname::text FROM pg_proc GROUP BY proname HAVING bool_and(
			(oid < 16384 OR prolang IN (12, 13) AND prokind <> 'a') AND (provolatile <> 'v' OR proname IN ('random',
			'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'uuid_generate_v1', 'uuid_generate_v1mc',
			'uuid_generate_v4', 'gen_salt', 'gen_random_bytes', 'nextval', 'setval', 'currval', 'lastval', 'timeofday',
			'clock_timestamp', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'pg_notify', 'pg_advisory_xact_lock',
			'pg_advisory_xact_lock_shared', 'pg_try_advisory_xact_lock', 'pg_try_advisory_xact_lock_shared',
			'pg_advisory_unlock', 'pg_advisory_unlock_shared', 'pg_advisory_unlock_all', 'pg_cancel_backend',
			'pg_terminate_backend', 'pg_current_wal_lsn', 'pg_current_wal_insert_lsn', 'pg_current_wal_flush_lsn',
			'pg_last_wal_replay_lsn', 'pg_last_wal_receive_lsn', 'pg_last_xact_replay_timestamp', 'pg_is_in_recovery',
			'pg_control_system', 'pg_blocking_pids', 'pg_xact_status', 'txid_status', 'bernoulli', 'system', 'pg_relation_size',
			'pg_total_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_database_size'))))`
