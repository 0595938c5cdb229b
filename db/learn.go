package db

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// typeCache is what is known of the types that [Config].Statements need. The monitor
// loads them once for each of its connections; the pool's connections take them from
// here, and ask again when the server names a type that is not in it.
type typeCache struct {
	names []string                // nothing is done when there are none
	set   atomic.Pointer[typeSet] // nil until it was loaded
	turn  chan struct{}           // of capacity 1: has a value while a load goes on
}

func newTypeCache(cfg *Config) typeCache {
	return typeCache{names: cfg.Statements.Types(), turn: make(chan struct{}, 1)}
}

// load asks conn for the types, and for those with the OIDs.
func (c *typeCache) load(ctx context.Context, conn *pgx.Conn, oids []uint32) error {
	set, err := loadTypes(ctx, conn, c.names, oids)
	if err != nil {
		return err
	}
	if !set.same(c.set.Load()) {
		c.set.Store(set)
	}
	return nil
}

// typeMap is a map of pgx, of a connection or of copied rows, which knows the types of a
// set. It is for one goroutine at a time.
type typeMap struct {
	*pgtype.Map
	set *typeSet // nil when none was registered
}

// teach registers the types with a map, unless it has them.
func (c *typeCache) teach(m *typeMap) {
	set := c.set.Load()
	if set == m.set {
		return
	}
	if m.set == nil {
		m.TryWrapEncodePlanFuncs = append(slices.Clip(m.TryWrapEncodePlanFuncs), wrapTexts)
	}
	set.register(m.Map, m.set)
	m.set = set
}

// learn makes a map know the types with the OIDs, which it asks through via, and says
// whether it learned anything. A type that it knows is asked for once more when doubt
// says that a value did not fit: its OID may be another type's now.
func (c *typeCache) learn(ctx context.Context, via *pgx.Conn, m *typeMap, oids []uint32, doubt bool) (bool, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-c.turn }()
	before := m.set
	c.teach(m) // another may have asked meanwhile
	asked, more := c.unasked(unknown(m.Map, oids))
	if more || doubt && before == m.set && before.doubts(oids) {
		if err := c.load(ctx, via, asked); err != nil {
			return false, err
		}
		c.teach(m)
	}
	return before != m.set, nil
}

// doubts says whether the types should be asked for again because one of oids is among
// them and did not fit. It says so once.
func (s *typeSet) doubts(oids []uint32) bool {
	return s != nil && slices.ContainsFunc(oids, s.users) && !s.doubted.Swap(true)
}

// unasked returns the OIDs that were asked for before, with oids, and whether any of
// oids is new. Otherwise the server's answer will be the same.
func (c *typeCache) unasked(oids []uint32) (all []uint32, more bool) {
	if set := c.set.Load(); set != nil {
		all = set.asked
	}
	known := len(all)
	all = slices.Concat(all, oids)
	slices.Sort(all)
	all = slices.Compact(all)
	return all, len(all) > known
}

// unknown returns the types that a map does not know and that the schema made.
func unknown(m *pgtype.Map, oids []uint32) (list []uint32) {
	for _, oid := range oids {
		if oid < firstUserOID {
			continue
		}
		if _, known := m.TypeForOID(oid); !known {
			list = append(list, oid)
		}
	}
	return list
}

// Retry reports whether a statement that failed was not sent because the connection
// did not know the type of a parameter, and now does.
func (l *lease) Retry(ctx context.Context, err error, sql string, args []any) bool {
	return plain(args) && l.learnParams(ctx, err, sql)
}

// RetryBatch is Retry for a batch.
func (l *lease) RetryBatch(ctx context.Context, err error, batch *pgx.Batch) bool {
	var statements []string
	for _, q := range batch.QueuedQueries {
		if !slices.Contains(statements, q.SQL) && plain(q.Arguments) {
			statements = append(statements, q.SQL)
		}
	}
	return l.learnParams(ctx, err, statements...)
}

// Fields makes the connection know the types of columns before their first row is
// read.
func (l *lease) Fields(fields []pgconn.FieldDescription) { l.learnFields(fields, false) }

// plain says whether args are the statement's arguments alone: with options among
// them what was sent may be another text, or be sent in a mode that asks for no types.
func plain(args []any) bool {
	return !slices.ContainsFunc(args, func(arg any) bool {
		switch arg.(type) {
		case pgx.QueryRewriter, pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			return true
		}
		return false
	})
}

// learnParams is for an error of pgx itself: nothing was sent, as an argument could not
// be encoded. When the connection does not know a parameter's type, or not as it is
// now, it learns it, and the statement can be retried.
func (l *lease) learnParams(ctx context.Context, err error, statements ...string) (learned bool) {
	pg := l.conn.PgConn()
	var refused *pgconn.PgError
	if err == nil || len(l.d.types.names) == 0 || ctx.Err() != nil || errors.As(err, &refused) || pg.IsClosed() || pg.IsBusy() || pg.TxStatus() == 'E' {
		return false
	}
	if uncached(l.conn) == pgx.QueryExecModeSimpleProtocol || l.conn.Config().DefaultQueryExecMode == pgx.QueryExecModeExec {
		return false // these modes ask for no types
	}
	var oids []uint32
	for _, sql := range statements {
		described, err := pg.Prepare(ctx, "", sql, nil)
		if err != nil {
			return false
		}
		oids = append(oids, described.ParamOIDs...)
	}
	learned, err = l.d.types.learn(ctx, l.conn, &l.info.types, oids, true)
	if err != nil {
		l.d.monitor.note(err)
	}
	return learned
}

// learnFields makes the connection know the types of columns that are about to be
// read, or of which a value did not fit. It is busy with their rows, so that another
// is opened to ask.
func (l *lease) learnFields(fields []pgconn.FieldDescription, doubt bool) {
	types := &l.d.types
	oids := types.needed(fields)
	if len(oids) == 0 {
		return
	}
	types.teach(&l.info.types) // another may have asked since the connection was acquired
	if !types.news(l.info.types.Map, oids) && !doubt {
		return
	}
	l.d.ask(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := types.learn(ctx, conn, &l.info.types, oids, doubt)
		return err
	})
}

// needed returns the types of columns that the schema made, if any type is needed.
func (c *typeCache) needed(fields []pgconn.FieldDescription) (oids []uint32) {
	for i := range fields {
		if len(c.names) > 0 && fields[i].DataTypeOID >= firstUserOID {
			oids = append(oids, fields[i].DataTypeOID)
		}
	}
	return oids
}

// news reports whether among types is one that a map does not know and that was not asked
// for.
func (c *typeCache) news(m *pgtype.Map, oids []uint32) bool {
	_, more := c.unasked(unknown(m, oids))
	return more
}

// Unfit has the types asked for once more after a value could not be read, so that the
// next use can: what was read of the rows cannot be read again.
func (l *lease) Unfit(err error, fields []pgconn.FieldDescription) {
	l.d.types.unfit(&l.info.types, err, fields, func(column []pgconn.FieldDescription) { l.learnFields(column, true) })
}

// unfit calls fn with the column, in a slice, of which a value could not be read, if its
// type in the map may be out of date.
func (c *typeCache) unfit(m *typeMap, err error, fields []pgconn.FieldDescription, fn func(column []pgconn.FieldDescription)) {
	var scan pgx.ScanArgError
	if !errors.As(err, &scan) || scan.ColumnIndex >= len(fields) || m.set == nil || m.set.doubted.Load() {
		return
	}
	column := fields[scan.ColumnIndex : scan.ColumnIndex+1]
	if len(c.needed(column)) > 0 {
		fn(column)
	}
}

// CopyFailed makes the next CopyFrom know the types of the columns, after one failed
// because it could not encode a value. What source gave cannot be asked for again.
func (l *lease) CopyFailed(err error, table pgx.Identifier, columns []string) {
	if len(l.d.types.names) == 0 || pgerr.Code(err) != "57014" {
		return
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	l.d.ask(func(ctx context.Context, conn *pgx.Conn) error {
		described, err := conn.PgConn().Prepare(ctx, "", "SELECT "+strings.Join(quoted, ", ")+" FROM "+table.Sanitize(), nil)
		if err != nil {
			return err
		}
		var oids []uint32
		for _, f := range described.Fields {
			oids = append(oids, f.DataTypeOID)
		}
		_, err = l.d.types.learn(ctx, conn, &l.info.types, oids, true)
		return err
	})
}

// ask opens a connection beside the pool, for fn, and notes what fails.
func (d *DB) ask(fn func(ctx context.Context, conn *pgx.Conn) error) {
	ctx, cancel := context.WithTimeout(d.life, d.cfg.AcquireTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, d.monitor.config)
	if err == nil {
		err = fn(ctx, conn)
		d.closers.Go(func() { d.bury(conn) })
	}
	if err != nil {
		d.monitor.note(err)
	}
}

// wrapTexts lets a slice of a string type, such as []Mood, be encoded as []string
// where nothing else fits: when the parameter's type is not known, as in the exec
// modes that do not ask for it.
func wrapTexts(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	t := reflect.TypeOf(value)
	if t == nil || t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.String || t == textSlice {
		return nil, nil, false
	}
	return &textsPlan{}, []string{}, true
}

var textSlice = reflect.TypeFor[[]string]()

// textsPlan encodes a slice of a string type.
type textsPlan struct{ next pgtype.EncodePlan }

// SetNext gets the plan for []string.
func (p *textsPlan) SetNext(next pgtype.EncodePlan) { p.next = next }

// Encode converts the slice; a nil one is NULL.
func (p *textsPlan) Encode(value any, buf []byte) ([]byte, error) {
	v := reflect.ValueOf(value)
	if v.IsNil() {
		return nil, nil
	}
	list := make([]string, v.Len())
	for i := range list {
		list[i] = v.Index(i).String()
	}
	return p.next.Encode(list, buf)
}
