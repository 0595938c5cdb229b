package exec

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxLost bounds the memory that lost writes take. Those beyond it never end.
const maxLost = 1024

// Lost are writes whose outcome is unknown, until the sessions that got them are gone:
// a session that runs may commit later. The zero Lost has none.
type Lost struct {
	Wake func() // called when there is one more, to have it asked for; nil where transactions ask

	turn  sync.Mutex   // held by Ask, before mu
	count atomic.Int64 // of list
	mu    sync.Mutex
	list  []*loss   // guarded by mu
	asked time.Time // guarded by mu; when Due said so last
}

// loss is what one session was to write.
type loss struct {
	pid   uint32    // of the server's process
	began time.Time // when the process with this pid began that was seen first; guarded by turn
	end   func()    // says that it is over
}

// add waits for the end of a server's process.
func (l *Lost) add(pid uint32, end func()) {
	l.mu.Lock()
	full := len(l.list) == maxLost
	if !full {
		l.list = append(l.list, &loss{pid: pid, end: end})
		l.count.Add(1)
	}
	l.mu.Unlock()
	if !full && l.Wake != nil {
		l.Wake()
	}
}

// Any reports whether there are any.
func (l *Lost) Any() bool { return l.count.Load() > 0 }

// Due reports whether a transaction is to ask now: there are any, which no other
// asks for, and it did not report so within the time.
func (l *Lost) Due(within time.Duration) bool {
	if l.Wake != nil || !l.Any() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if within > 0 && time.Since(l.asked) < within {
		return false
	}
	l.asked = time.Now()
	return true
}

// endsQuery asks a primary for those of the processes in $1 that are there. It has one
// row at least. A process has its pid for itself while it runs, but the next one may
// have it too.
const endsQuery = `
	SELECT pg_is_in_recovery(), pg_backend_pid(), a.pid, a.backend_start
	FROM (SELECT 1) one LEFT JOIN pg_stat_activity a ON a.pid = ANY ($1::int[]) AND a.pid <> pg_backend_pid()`

// Ask asks the server which sessions are gone, and ends their writes. conn must be
// idle, and lead to the database that got them.
//
// Two answers prove nothing, and then nothing ends: that of a standby, on which other
// sessions run, and that of a session which is not the one that conn was announced
// with. Behind a pooler no pid is that of a server's process.
func (l *Lost) Ask(ctx context.Context, conn *pgx.Conn) error {
	if !l.turn.TryLock() {
		return nil // another call asks
	}
	defer l.turn.Unlock()
	l.mu.Lock()
	asked := slices.Clone(l.list) // to which others may be added meanwhile
	l.mu.Unlock()
	there, err := running(ctx, conn, asked)
	if err != nil || there == nil {
		return err
	}
	gone := slices.DeleteFunc(slices.Clone(asked), func(x *loss) bool { return !x.gone(there) })
	left := slices.DeleteFunc(asked, func(x *loss) bool { return slices.Contains(gone, x) })
	l.mu.Lock()
	l.list = append(left, l.list[len(left)+len(gone):]...)
	l.count.Store(int64(len(l.list)))
	l.mu.Unlock()
	for _, x := range gone {
		x.end()
	}
	return nil
}

// running returns when each of the processes that are there began, the zero time where
// the server does not say. It returns nil when the answer proves nothing.
func running(ctx context.Context, conn *pgx.Conn, asked []*loss) (map[uint32]time.Time, error) {
	pids := make([]int32, len(asked))
	for i, x := range asked {
		pids[i] = int32(x.pid)
	}
	there := map[uint32]time.Time{}
	proves := false
	var standby bool
	var own uint32
	var pid *int32
	var began *time.Time
	rows, _ := conn.Query(ctx, endsQuery, pgx.QueryExecModeSimpleProtocol, pids)
	_, err := pgx.ForEachRow(rows, []any{&standby, &own, &pid, &began}, func() error {
		proves = !standby && own == conn.PgConn().PID()
		if pid != nil {
			there[uint32(*pid)] = time.Time{}
			if began != nil {
				there[uint32(*pid)] = *began
			}
		}
		return nil
	})
	if err != nil || !proves {
		return nil, err
	}
	return there, nil
}

// gone reports whether the process is none of those that are there.
func (x *loss) gone(there map[uint32]time.Time) bool {
	began, is := there[x.pid]
	switch {
	case !is:
		return true
	case x.began.IsZero():
		x.began = began
	}
	return !began.IsZero() && !began.Equal(x.began)
}
