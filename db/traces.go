package db

import (
	"context"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

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
	sql string
	trace
}

// longestKept bounds the memory that texts take here: 2 MB.
const longestKept = 4096

// traceOf reads a text that is sent by conn, or remembers it.
func (d *DB) traceOf(conn *pgx.Conn, sql string) trace {
	// A session in which strings are read otherwise is rare, and not worth a place.
	if conn.PgConn().ParameterStatus("standard_conforming_strings") == "off" || len(sql) > longestKept {
		return d.read(conn, sql)
	}
	place := &d.traces.places[maphash.String(d.traces.seed, sql)%uint64(len(d.traces.places))]
	if text := place.Load(); text != nil && text.sql == sql {
		return text.trace
	}
	text := &tracedText{sql, d.read(conn, sql)}
	place.Store(text)
	return text.trace
}

func (d *DB) read(conn *pgx.Conn, sql string) trace {
	rules := sqltext.RulesOf(conn.PgConn().ParameterStatus)
	harmless := d.harmless.Load()
	known := func(name string) bool { return harmless != nil && (*harmless)[name] }
	s := d.statement(sql)
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

// statement returns what generated code knows of a text, nil for nothing.
func (d *DB) statement(sql string) *stmt.Statement {
	for _, r := range d.cfg.Statements {
		if s := r.Lookup(sql); s != nil {
			return s
		}
	}
	return nil
}

// admit marks the lease with what a text leaves behind, before it is sent. The error
// is a *PoolerError for what would be left to other clients of a pooler.
func (l *lease) admit(sql string) error {
	left := l.d.traceOf(l.conn, sql)
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

// admitCall is admit for a statement and its arguments, one of which may rewrite it.
func (l *lease) admitCall(sql string, args []any) error {
	if rewrites(args) && l.d.pooler() != Transaction {
		l.left = max(l.left, cleanable)
	}
	return l.admit(sql)
}

// admitBatch is admit for every statement of a batch.
func (l *lease) admitBatch(batch *pgx.Batch) error {
	for _, q := range batch.QueuedQueries {
		if err := l.admitCall(q.SQL, q.Arguments); err != nil {
			return err
		}
	}
	return nil
}

// rewrites says whether the arguments of a statement change its text, other than
// where its parameters stand.
func rewrites(args []any) bool {
	for _, arg := range args {
		switch arg.(type) {
		case pgx.QueryResultFormats, pgx.QueryResultFormatsByOID, pgx.QueryExecMode:
		case pgx.NamedArgs, pgx.StrictNamedArgs:
			return false
		case pgx.QueryRewriter:
			return true
		default:
			return false // pgx looks no further
		}
	}
	return false
}

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
