package reads

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// relayed is a [Relay] in a process of its own.
type relayed struct {
	dsn     string // leads through it
	command *exec.Cmd
	stop    func() error
}

// startRelay starts the command, whose first line of output is the URL that leads through.
func startRelay(ctx context.Context, command []string, dsn string, hold time.Duration) (*relayed, error) {
	if len(command) == 0 {
		return nil, errors.New("no command for the relay is given")
	}
	cmd := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], dsn, hold.String())...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the relay: %w", err)
	}
	r := &relayed{command: cmd, stop: func() error { _ = in.Close(); return cmd.Wait() }}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start the relay: %w", errors.Join(err, r.stop()))
	}
	r.dsn = strings.TrimSpace(line)
	return r, nil
}

// Added is what a relay adds to a round trip.
type Added struct {
	Asked, Direct, Through time.Duration // the medians of a read without and with it
	CPU                    time.Duration // of the relay's process for a read
}

// calibrationReads are those of one caller.
const calibrationReads = 500

// calibrate measures what a relay of its own adds for one caller.
func calibrate(ctx context.Context, command []string, dsn string, hold time.Duration, t *table) (added Added, err error) {
	r, err := startRelay(ctx, command, dsn, hold)
	if err != nil {
		return added, err
	}
	added.Asked = hold
	added.Direct, err = oneRead(ctx, dsn, t)
	if err == nil {
		added.Through, err = oneRead(ctx, r.dsn, t)
	}
	if err = errors.Join(err, r.stop()); err == nil {
		state := r.command.ProcessState
		added.CPU = (state.UserTime() + state.SystemTime()) / calibrationReads
	}
	return added, err
}

// oneRead is the median of the time of a read on one connection.
func oneRead(ctx context.Context, dsn string, t *table) (time.Duration, error) {
	a, err := openBare(ctx, bare, dsn, 1)
	if err != nil {
		return 0, err
	}
	defer a.close()
	read := t.read(a)
	times := make([]time.Duration, calibrationReads)
	for i := range times {
		begun := time.Now()
		if err := read(ctx, uint64(i)); err != nil {
			return 0, err
		}
		times[i] = time.Since(begun)
	}
	return stats.Median(times), nil
}
