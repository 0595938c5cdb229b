package main

import (
	"context"

	"github.com/sqlkeel/sqlkeel/bench/rivals/report"
)

// others are what is measured in other ways.
func others(ctx context.Context, opts options) ([]report.Section, error) {
	_, _ = ctx, opts
	return nil, nil
}
