package db

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// description is how the server described a text when it was prepared.
type description struct {
	name    string                      // of the prepared statement, on every connection; no other description's
	params  pgconn.StatementDescription // of which arguments are encoded
	fields  []pgconn.FieldDescription   // with the formats in which they are asked for
	formats []int16
	own     []uint32 // types, of parameters and columns, that the schema made

	outdated atomic.Bool // a connection prepared the text in another way
}

// text returns how a text of the statement was described, or nil when it is to be asked.
func (of *sharedStatement) text(sql string) *description {
	known, _ := of.texts.Load(sql)
	as, _ := known.(*description)
	if as == nil || as.outdated.Load() {
		return nil
	}
	return as
}

// is reports whether a connection prepared the text alike.
func (s *description) is(prepared *pgconn.StatementDescription) bool {
	return slices.Equal(s.params.ParamOIDs, prepared.ParamOIDs) && slices.EqualFunc(s.fields, prepared.Fields, func(a, b pgconn.FieldDescription) bool {
		return a.Name == b.Name && a.DataTypeOID == b.DataTypeOID
	})
}

// learn makes the text of a lease's statement known, so that its reads may share from now
// on. It is prepared beside pgx's cache, which knows nothing of pipelines. The error is
// the connection's.
func (s *shares) learn(ctx context.Context, l *lease) error {
	of := l.learns
	if of == nil {
		return nil
	}
	l.learns = nil
	as := &description{name: "sqlkeel_" + strconv.FormatInt(s.named.Add(1), 10)}
	begun := time.Now()
	prepared, err := l.prepareShared(ctx, as.name, l.call.SQL)
	switch {
	case err == nil:
		s.trip.over(time.Since(begun))
	case l.conn.IsClosed():
		return err
	default:
		return nil // as the statement itself will fail
	}
	as.params.ParamOIDs, as.fields = prepared.ParamOIDs, slices.Clone(prepared.Fields)
	for i := range as.fields {
		as.fields[i].Format = l.conn.TypeMap().FormatCodeForOID(as.fields[i].DataTypeOID)
		as.formats = append(as.formats, as.fields[i].Format)
		as.own = append(as.own, as.fields[i].DataTypeOID)
	}
	as.own = slices.DeleteFunc(append(as.own, prepared.ParamOIDs...), func(oid uint32) bool { return oid < firstUserOID })
	of.texts.Store(l.call.SQL, as)
	return nil
}

// prepareShared returns a prepared statement of the connection, which it has or gets, in
// the place of one with another name. It stands beside pgx's cache, and pgx's tracers see
// only what is prepared indeed.
func (l *lease) prepareShared(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if known := l.info.shared[sql]; known != nil && known.Name == name {
		return known, nil
	}
	if err := l.forgetShared(ctx, sql); err != nil {
		return nil, err
	}
	made, err := l.conn.Prepare(ctx, name, sql)
	if err != nil {
		return nil, err
	}
	if l.info.shared == nil {
		l.info.shared = map[string]*pgconn.StatementDescription{}
	}
	l.info.shared[sql] = made
	return made, nil
}

// forgetShared drops the prepared statement of a text.
func (l *lease) forgetShared(ctx context.Context, sql string) error {
	known := l.info.shared[sql]
	if known == nil {
		return nil
	}
	delete(l.info.shared, sql)
	return l.conn.Deallocate(ctx, known.Name)
}
