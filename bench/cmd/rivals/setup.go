package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// setup is what is measured with.
func setup(ctx context.Context, opts options) ([][2]string, error) {
	c := opts.config
	about := [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"machine", fmt.Sprintf("%d cores, %s/%s; the server and its clients share them", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)},
		{"client", fmt.Sprintf("%s, GOMAXPROCS %d", runtime.Version(), runtime.GOMAXPROCS(0))},
		{"rounds", fmt.Sprintf("%d of %v for each arm, seed %d", c.Rounds, c.Duration, c.Seed)},
		{"connections", fmt.Sprintf("%d in each pool", c.Conns)},
		{"modules", strings.Join(modules(c.Arms), ", ")},
	}
	settings, err := rivals.Settings(ctx, c.Server)
	if err != nil {
		return nil, fmt.Errorf("ask the server for its settings: %w", err)
	}
	var others []string
	for _, s := range settings[1:] {
		others = append(others, s[0]+" "+s[1])
	}
	about = append(about, [2]string{"server", "PostgreSQL " + settings[0][1]}, [2]string{"its settings", strings.Join(others, ", ")})
	return about, nil
}

// modules are those of the arms with their versions.
func modules(arms []rivals.Arm) []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return []string{"unknown"}
	}
	var found []string
	for _, a := range arms {
		for _, m := range info.Deps {
			if m.Path != a.Module {
				continue
			}
			if text := m.Path + " " + m.Version; m.Replace == nil && !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
	}
	return found
}
