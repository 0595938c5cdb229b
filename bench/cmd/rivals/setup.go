package main

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/bench/page"
)

// setup is what is measured with.
func setup(ctx context.Context, opts options) ([][2]string, error) {
	c := opts.config
	server, err := page.Server(ctx, c.Server)
	if err != nil {
		return nil, err
	}
	var modules []string
	for _, a := range c.Arms {
		modules = append(modules, a.Module)
	}
	about := append(page.Client(), [][2]string{
		{"rounds", fmt.Sprintf("%d of %v for each arm, seed %d", c.Rounds, c.Duration, c.Seed)},
		{"connections", fmt.Sprintf("%d in each pool", c.Conns)},
		{"modules", page.Modules(modules...)},
	}...)
	return append(about, server...), nil
}
