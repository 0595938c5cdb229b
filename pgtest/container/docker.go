package container

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// DefaultImage is the container image. SQLKEEL_PG_IMAGE names another one; it must take
// the arguments of the official image's postgres command.
const DefaultImage = "postgres:18-alpine"

// Bounds at the Docker daemon.
const (
	probeTimeout = 5 * time.Second
	readyTimeout = time.Minute
	haltTimeout  = 20 * time.Second
)

// server is a PostgreSQL in a container. Its port is chosen here, because Docker
// would choose another one at each start; Docker publishes it on all interfaces,
// hence a password.
type server struct {
	ctr *testcontainers.DockerContainer
	url string
}

func startDocker(ctx context.Context, cfg pgserver.Config) (pgserver.Instance, error) {
	if err := probeDocker(ctx); err != nil {
		return nil, fmt.Errorf("no Docker daemon answers: %w", err)
	}
	port, err := pgserver.FreePort()
	if err != nil {
		return nil, err
	}
	at := &place{port: port, password: rand.Text()}
	image := cmp.Or(cfg.Getenv("SQLKEEL_PG_IMAGE"), DefaultImage)
	ctr, err := testcontainers.Run(ctx, image,
		testcontainers.WithLogger(log.NewNoopLogger()),
		testcontainers.WithEnv(map[string]string{"POSTGRES_PASSWORD": at.password}),
		testcontainers.WithExposedPorts("5432/tcp"),
		testcontainers.WithHostConfigModifier(at.publish),
		testcontainers.WithCmd(append([]string{"postgres"}, cfg.Arguments()...)...),
		testcontainers.WithWaitStrategyAndDeadline(readyTimeout, at),
	)
	c := &server{ctr: ctr}
	if err == nil {
		c.url, err = at.url(ctx, ctr)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("container of %s: %w", image, err), c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// probeDocker asks the daemon, because its client may be there without it.
func probeDocker(ctx context.Context) error {
	provider, err := testcontainers.NewDockerProvider(
		testcontainers.Generic2DockerOptions(testcontainers.WithLogger(log.NewNoopLogger()))...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return provider.Health(ctx)
}

// place is where a server is published, and the key to it.
type place struct {
	port     int
	password string
}

// publish binds the container's port.
func (p *place) publish(cfg *dockercontainer.HostConfig) {
	cfg.PortBindings = network.PortMap{
		network.MustParsePort("5432/tcp"): {{HostPort: strconv.Itoa(p.port)}},
	}
}

// url returns the server's URL, given a container that knows the daemon's host.
func (p *place) url(ctx context.Context, c interface {
	Host(context.Context) (string, error)
}) (string, error) {
	host, err := c.Host(ctx)
	if err != nil {
		return "", err
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword("postgres", p.password),
		Host:     net.JoinHostPort(host, strconv.Itoa(p.port)),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return u.String(), nil
}

// WaitUntilReady implements [wait.Strategy]: it waits until the server answers.
// Its log will not do: the official image runs a first server while it sets up.
func (p *place) WaitUntilReady(ctx context.Context, target wait.StrategyTarget) error {
	dsn, err := p.url(ctx, target)
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, last := pgserver.Ping(ctx, dsn)
		if last == nil {
			return nil
		}
		state, err := target.State(ctx)
		if err != nil {
			return errors.Join(last, err)
		}
		if !state.Running {
			return fmt.Errorf("the container ended with exit code %d", state.ExitCode)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(last, ctx.Err())
		}
	}
}

// DSN is the URL of the server.
func (c *server) DSN() string { return c.url }

// Start starts the server again after Halt.
func (c *server) Start(ctx context.Context) error {
	if c.ctr.IsRunning() {
		return nil
	}
	return c.ctr.Start(ctx)
}

// Halt ends the server in the way that mode says. Its data stay.
func (c *server) Halt(ctx context.Context, mode pgserver.Mode) error {
	if !c.ctr.IsRunning() {
		return nil
	}
	patience := haltTimeout
	switch mode {
	case pgserver.Killed:
		// Not even a signal can kill a container's first process from within. So its
		// sessions die first, without a word, and Docker ends the rest.
		c.signal(ctx, "KILL -1")
		patience = 0
	case pgserver.Immediate:
		c.signal(ctx, "QUIT 1")
	case pgserver.Fast:
		c.signal(ctx, "INT 1")
	}
	return c.ctr.Stop(ctx, &patience)
}

// signal runs kill in the container. It fails when the server is on its way down:
// Stop then waits for the end of that.
func (c *server) signal(ctx context.Context, arguments string) {
	_, _, _ = c.ctr.Exec(ctx, []string{"sh", "-c", "kill -" + arguments})
}

// Stop ends the server and removes its container.
func (c *server) Stop(ctx context.Context) error {
	return c.ctr.Terminate(ctx, testcontainers.StopContext(ctx), testcontainers.StopTimeout(0))
}
