//go:build !unix

package pgserver

import (
	"context"
	"errors"
)

var errNotUnix = errors.New("servers are run from binaries on Unix systems only")

func startLocal(context.Context, Config) (instance, error) { return nil, errNotUnix }

func startBinaries(context.Context, Config, string) (instance, error) { return nil, errNotUnix }
