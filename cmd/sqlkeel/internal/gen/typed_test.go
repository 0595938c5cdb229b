package gen_test

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// The code with which package db tests types is committed; sqlc generate, then
// sqlkeel generate, in its folder write it anew.
func TestTheCodeForTheTestsOfTypesIsUpToDate(t *testing.T) {
	t.Parallel()
	if _, err := gen.Check(t.Context(), options(t, "../../../../db/testdata/typed")); err != nil {
		t.Error(err)
	}
}
