//go:build !linux

package reads

import (
	"context"
	"errors"
	"io"
	"time"
)

// errLinux is returned for what needs calls of Linux.
var errLinux = errors.New("this is measured on Linux alone")

// Relay is there on Linux alone.
func Relay(string, time.Duration, io.Reader, io.Writer) error { return errLinux }

func apart(context.Context, string) (undo func(), err error) { return nil, errLinux }

func fineTimer() (undo func()) { return func() {} }

func sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
