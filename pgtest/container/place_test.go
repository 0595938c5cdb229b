//go:build unix

package container

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"testing"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// target is a container as the wait for it sees it.
type target struct {
	wait.StrategyTarget
	host    string
	hostErr error
	state   dockercontainer.State
	stateFn func() error
}

func (c *target) Host(context.Context) (string, error) { return c.host, c.hostErr }

func (c *target) State(context.Context) (*dockercontainer.State, error) {
	if c.stateFn != nil {
		return &c.state, c.stateFn()
	}
	return &c.state, nil
}

// nowhere is a place without a listener.
func nowhere(t *testing.T) *place {
	t.Helper()
	port, err := pgserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return &place{port: port, password: "pass word/"}
}

func TestAContainersURLHoldsItsHostPortAndPassword(t *testing.T) {
	t.Parallel()
	p := &place{port: 15432, password: "pass word/"}
	for host, want := range map[string]string{"localhost": "localhost:15432", "::1": "[::1]:15432"} {
		dsn, err := p.url(t.Context(), &target{host: host})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		password, _ := u.User.Password()
		if u.Host != want || password != p.password || u.User.Username() != "postgres" || u.Path != "/postgres" {
			t.Errorf("%s became %s", host, dsn)
		}
	}
}

func TestAContainersPortIsBoundToTheChosenOne(t *testing.T) {
	t.Parallel()
	var cfg dockercontainer.HostConfig
	(&place{port: 15432}).publish(&cfg)
	bindings := cfg.PortBindings[network.MustParsePort("5432/tcp")]
	if len(bindings) != 1 || bindings[0].HostPort != "15432" {
		t.Errorf("bound to %v", bindings)
	}
}

func TestWaitingForAContainerEndsWhenItAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, pgserver.Local, nil)
	u, err := url.Parse(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{port: port}
	if err := p.WaitUntilReady(t.Context(), &target{host: "127.0.0.1"}); err != nil {
		t.Error(err)
	}
}

func TestWaitingForAContainerEndsWithItsReason(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	ended := dockercontainer.State{ExitCode: 5}

	err := nowhere(t).WaitUntilReady(t.Context(), &target{hostErr: boom})
	if !errors.Is(err, boom) {
		t.Errorf("no host: %v", err)
	}
	err = nowhere(t).WaitUntilReady(t.Context(), &target{host: "127.0.0.1", state: ended})
	wantInError(t, err, "the container ended with exit code 5")
	err = nowhere(t).WaitUntilReady(t.Context(), &target{host: "127.0.0.1", stateFn: func() error { return boom }})
	if !errors.Is(err, boom) {
		t.Errorf("no state: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	running := &target{host: "127.0.0.1", state: dockercontainer.State{Running: true}}
	running.stateFn = func() error { cancel(); return nil } // after the first look
	if err := nowhere(t).WaitUntilReady(ctx, running); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}
