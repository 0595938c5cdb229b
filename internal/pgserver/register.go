package pgserver

import (
	"context"
	"sync"
)

// Launcher starts a server of its provider.
type Launcher func(ctx context.Context, cfg Config) (Instance, error)

// launchers are the registered providers.
var launchers = struct {
	sync.Mutex
	of map[Provider]Launcher // guarded by Mutex
}{of: map[Provider]Launcher{Local: startLocal}}

// Register makes a provider available. Package pgtest/container calls it for [Docker]
// and [Download], so that only its importers depend on what these need.
func Register(p Provider, launch Launcher) {
	launchers.Lock()
	defer launchers.Unlock()
	launchers.of[p] = launch
}

// launcherOf returns nil for a provider that was not registered.
func launcherOf(p Provider) Launcher {
	launchers.Lock()
	defer launchers.Unlock()
	return launchers.of[p]
}
