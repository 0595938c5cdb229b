package db

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// sharedTexts are the texts that a connection prepared for batches, beside pgx's cache,
// which knows nothing of pipelines.
type sharedTexts struct {
	bySQL map[string]*pgconn.StatementDescription
	named int // names are not used twice, as the server may have kept one
}

// prepareShared returns a text's prepared statement, which costs a round trip the first
// time. There are as many as pgx's cache may have.
func (l *lease) prepareShared(ctx context.Context, sql string) (*pgconn.StatementDescription, error) {
	texts := &l.info.shared
	if known := texts.bySQL[sql]; known != nil {
		return known, nil
	}
	for other := range texts.bySQL { // any one
		if len(texts.bySQL) < l.conn.Config().StatementCacheCapacity || other == readOnlyBatch {
			break
		}
		if err := l.forgetShared(ctx, other); err != nil {
			return nil, err
		}
	}
	texts.named++
	made, err := l.conn.PgConn().Prepare(ctx, "sqlkeel_"+strconv.Itoa(texts.named), sql, nil)
	if err != nil {
		return nil, err
	}
	if texts.bySQL == nil {
		texts.bySQL = map[string]*pgconn.StatementDescription{}
	}
	texts.bySQL[sql] = made
	return made, nil
}

// forgetShared drops a text's prepared statement.
func (l *lease) forgetShared(ctx context.Context, sql string) error {
	known := l.info.shared.bySQL[sql]
	if known == nil {
		return nil
	}
	delete(l.info.shared.bySQL, sql)
	return l.conn.PgConn().Deallocate(ctx, known.Name)
}

// learnText lets the reads of the lease's statement share from now on. The error is the
// connection's.
func (l *lease) learnText(ctx context.Context) error {
	of := l.learns
	if of == nil {
		return nil
	}
	l.learns = nil
	known, err := l.prepareShared(ctx, l.call.SQL)
	if err == nil {
		of.texts.Store(l.call.SQL, describe(known, l.conn.TypeMap()))
	}
	if l.conn.IsClosed() {
		return err
	}
	return nil
}
