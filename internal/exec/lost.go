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
	list  []*loss       // guarded by mu
	asked time.Time     // guarded by mu; when Due said so last
	pause time.Duration // guarded by mu; from then on
}

// loss is what one session was to write.
type loss struct {
	pid   uint32    // of the server's process
	began time.Time // when the process with this pid began that was seen first; guarded by turn
	end   func()    // says that it is over
}

// add waits for the end of a server's process. It reports whether there was room.
func (l *Lost) add(pid uint32, end func()) bool {
	l.mu.Lock()
	full := len(l.list) == maxLost
	if !full {
		l.list = append(l.list, &loss{pid: pid, end: end})
		l.count.Add(1)
		l.pause = 0
	}
	l.mu.Unlock()
	if !full && l.Wake != nil {
		l.Wake()
	}
	return !full
}

// Any reports whether there are any.
func (l *Lost) Any() bool { return l.count.Load() > 0 }

// Unwatched reports whether there are any, for which transactions are to ask.
func (l *Lost) Unwatched() bool { return l.Wake == nil && l.Any() }

// The least and the most time between two transactions that ask because they begin.
const minAskPause, maxAskPause = 100 * time.Millisecond, 5 * time.Second

// Due reports whether a transaction that begins is to ask. It does so ever less often,
// until another write is lost.
func (l *Lost) Due() bool {
	if !l.Unwatched() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.asked) < l.pause {
		return false
	}
	l.asked, l.pause = time.Now(), max(minAskPause, min(2*l.pause, maxAskPause))
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
// Two answers prove nothing, and then nothing ends. The first is that of a standby, on
// which other sessions run. The second is that of a session which is not the one that
// conn was announced with: behind a pooler no pid is that of a server's process, so that
// nothing can be proved later, and the writes are forgotten.
func (l *Lost) Ask(ctx context.Context, conn *pgx.Conn) error {
	if !l.turn.TryLock() {
		return nil // another call asks
	}
	defer l.turn.Unlock()
	l.mu.Lock()
	asked := slices.Clone(l.list) // to which others may be added meanwhile
	l.mu.Unlock()
	there, own, err := running(ctx, conn, asked)
	switch {
	case err != nil || there == nil:
		return err
	case own != conn.PgConn().PID():
		l.forget(asked, nil)
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(asked), func(x *loss) bool { return !x.gone(there) })
	l.forget(asked, slices.DeleteFunc(slices.Clone(asked), func(x *loss) bool { return slices.Contains(gone, x) }))
	for _, x := range gone {
		x.end()
	}
	return nil
}

// forget replaces those that were asked for by those that are left of them.
func (l *Lost) forget(asked, left []*loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(left, l.list[len(asked):]...)
	l.count.Store(int64(len(l.list)))
}

// running returns when each of the processes that are there began, the zero time where
// the server does not say, and which one answers. A standby has none.
func running(ctx context.Context, conn *pgx.Conn, asked []*loss) (there map[uint32]time.Time, own uint32, err error) {
	pids := make([]int32, len(asked))
	for i, x := range asked {
		pids[i] = int32(x.pid)
	}
	there = map[uint32]time.Time{}
	var standby bool
	var pid *int32
	var began *time.Time
	rows, _ := conn.Query(ctx, endsQuery, pgx.QueryExecModeSimpleProtocol, pids)
	_, err = pgx.ForEachRow(rows, []any{&standby, &own, &pid, &began}, func() error {
		if pid != nil {
			there[uint32(*pid)] = time.Time{}
			if began != nil {
				there[uint32(*pid)] = *began
			}
		}
		return nil
	})
	if err != nil || standby {
		return nil, 0, err
	}
	return there, own, nil
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
