//go:build !unix

package pgserver

import (
	"context"
	"errors"
)

var errNotUnix = errors.New("servers are run from binaries on Unix systems only")

func startLocal(context.Context, Config) (Instance, error) { return nil, errNotUnix }

// StartBinaries returns an error.
func StartBinaries(context.Context, Config, string) (Instance, error) { return nil, errNotUnix }
