package pgerr_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func TestAViolationIsFoundWhereverItsErrorComesFrom(t *testing.T) {
	t.Parallel()
	id := pgerr.ConstraintID{Schema: "public", Table: "users", Name: "users_email_key"}
	pg := &pgconn.PgError{Code: "23505", SchemaName: id.Schema, TableName: id.Table, ConstraintName: id.Name}
	for _, err := range []error{pg, fmt.Errorf("add: %w", pg), errors.Join(errors.New("first"), pg)} {
		if !pgerr.Is(err, id) {
			t.Errorf("%v is not found", err)
		}
	}
	other := *pg
	other.ConstraintName = "users_pkey"
	code := *pg
	code.Code = "40001"
	for _, err := range []error{nil, errors.New("other"), &other, &code} {
		if pgerr.Is(err, id) {
			t.Errorf("%v is taken for it", err)
		}
	}
}
