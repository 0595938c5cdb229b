package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// description is how the server described a text. It is prepared beside pgx's cache,
// which knows nothing of batches, by a name of its own on each connection that needs it.
type description struct {
	pgconn.StatementDescription         // whose columns have the formats in which they are asked for
	formats                     []int16 // the same

	outdated atomic.Bool // it is to be described anew
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

// learn has the text of a lease's statement described, so that its reads may share from
// now on. What was prepared for an outdated description stays on its connections: one
// statement for each change of a table. The error is the connection's.
func (s *shares) learn(ctx context.Context, l *lease) error {
	of := l.learns
	l.learns = nil
	if of == nil || of.text(l.call.SQL) != nil { // another read had it described
		return nil
	}
	made, err := l.conn.PgConn().Prepare(ctx, "", l.call.SQL, nil)
	if l.conn.IsClosed() {
		return err
	}
	if err != nil {
		return nil // as the statement itself will fail
	}
	as := &description{StatementDescription: *made}
	as.Name = fmt.Sprint(s.names, s.named.Add(1))
	oids := slices.Clone(as.ParamOIDs)
	for i := range as.Fields {
		field := &as.Fields[i]
		field.Format = l.conn.TypeMap().FormatCodeForOID(field.DataTypeOID)
		as.formats = append(as.formats, field.Format)
		oids = append(oids, field.DataTypeOID)
	}
	if _, more := l.d.types.unasked(unknown(l.conn.TypeMap(), oids)); more && len(l.d.types.names) > 0 {
		return nil // the statement itself makes them known
	}
	of.texts.Store(l.call.SQL, as)
	return nil
}

// prepareShared makes a connection know a text as it was described.
func (l *lease) prepareShared(ctx context.Context, as *description) error {
	if l.info.shared[as] {
		return nil
	}
	made, err := l.conn.PgConn().Prepare(ctx, as.Name, as.SQL, nil)
	switch {
	case err != nil:
		return err
	case !slices.Equal(made.ParamOIDs, as.ParamOIDs), !slices.EqualFunc(made.Fields, as.Fields, sameColumn):
		return errChanged
	}
	l.info.shared[as] = true
	return nil
}

func sameColumn(a, b pgconn.FieldDescription) bool {
	return a.Name == b.Name && a.DataTypeOID == b.DataTypeOID
}

var errChanged = errors.New("db: a text is not what it was when it was described")
