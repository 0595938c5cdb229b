package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// outcome is how a test ended. It is printed.
type outcome string

const (
	missing  outcome = "did not run"
	passed   outcome = "passes"
	skipped  outcome = "skipped"
	caught   outcome = "caught"
	panicked outcome = "panics"
	timedOut outcome = "hangs" // until the time was up
)

// verdict is an outcome with the end of what the test printed.
type verdict struct {
	is     outcome
	output string
}

// holds returns an error unless the test passes on the code as it is. Each test is
// run once.
func (r *run) holds(ctx context.Context, t sound) error {
	r.mu.Lock()
	b := r.binaries[binary{t.Dir, t.flags}]
	if b == nil {
		b = &built{}
		r.binaries[binary{t.Dir, t.flags}] = b
	}
	r.mu.Unlock()
	b.once.Do(func() { b.file, b.err = r.build(ctx, t.Dir, t.flags, nil) })
	if b.err != nil {
		return fmt.Errorf("the tests of %s do not compile as they are\n%w", t.Dir, b.err)
	}
	if err, known := r.known(t); known { // without a wait for the test that runs now
		return err
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if err, known := r.known(t); known {
		return err
	}
	verdicts, err := r.test(ctx, b.file, t.Dir, []string{t.Name})
	if v := verdicts[t.Name]; err == nil && v.is != passed {
		err = fmt.Errorf("%s %s on the code as it is: it must pass there\n%s", t.Name, v.is, v.output)
		if v.is == missing {
			err = fmt.Errorf("there is no test %s in %s: name the one that must fail\n%s", t.Name, t.Dir, v.output)
		}
	}
	r.mu.Lock()
	r.sound[t] = err
	r.mu.Unlock()
	return err
}

// known returns what came of a test on the code as it is, if it was run.
func (r *run) known(t sound) (err error, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err, is = r.sound[t]
	return err, is
}

// build makes a test binary of the package and returns its file. files, by their absolute
// names, stand in for those of the repository.
func (r *run) build(ctx context.Context, dir string, f flags, files map[string]string) (string, error) {
	out, err := r.folder()
	if err != nil {
		return "", err
	}
	file := filepath.Join(out, filepath.Base(dir)+".test")
	args := []string{"test", "-c", "-vet=off", "-o", file}
	if f.race {
		args = append(args, "-race")
	}
	if len(files) > 0 || f.yields != "" {
		overlay, err := r.overlay(f, files)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay="+overlay)
	}
	text, err := r.command(ctx, dir, append(args, ".")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s%w", text, err)
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("there are no tests in %s", dir)
	}
	return file, nil
}

// command is a go command in the folder of a package.
func (r *run) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.Go, args...)
	cmd.Dir = filepath.Join(r.set.root, filepath.FromSlash(dir))
	cmd.WaitDelay = 5 * time.Second // a test that outlives the go command has its output open
	return cmd
}

// test runs tests of a binary. It is the caller's turn.
func (r *run) test(ctx context.Context, file, dir string, names []string) (map[string]verdict, error) {
	out, err := r.command(ctx, dir, "tool", "test2json", "-t", file, "-test.v=test2json", "-test.count=1", "-test.paniconexit0",
		"-test.timeout="+r.Timeout.String(), "-test.run="+pattern(names)).CombinedOutput()
	var failed *exec.ExitError
	if ctx.Err() == nil && err != nil && !errors.As(err, &failed) && !errors.Is(err, exec.ErrWaitDelay) {
		return nil, fmt.Errorf("run the tests of %s: %w", dir, err)
	}
	return judge(out, names), ctx.Err()
}

// pattern is what -run takes to run these tests alone.
func pattern(names []string) string {
	each := make([]string, len(names))
	for i, name := range names {
		parts := strings.Split(name, "/")
		for j, part := range parts {
			parts[j] = "^" + regexp.QuoteMeta(part) + "$"
		}
		each[i] = strings.Join(parts, "/")
	}
	return strings.Join(each, "|")
}

// judge reads what test2json wrote. A test that began and has no end took the
// whole program with it.
func judge(events []byte, names []string) map[string]verdict {
	began, ended := map[string]bool{}, map[string]outcome{}
	var output strings.Builder
	for line := range bytes.Lines(events) {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(line, &e) != nil {
			output.Write(line)
			continue
		}
		switch e.Action {
		case "run":
			began[e.Test] = true
		case "pass":
			ended[e.Test] = passed
		case "fail":
			ended[e.Test] = caught
		case "skip":
			ended[e.Test] = skipped
		case "output":
			output.WriteString(e.Output)
		}
	}
	text := output.String()
	died := caught
	switch {
	case strings.Contains(text, "panic: test timed out after"):
		died = timedOut
	case strings.Contains(text, "\npanic: ") || strings.HasPrefix(text, "panic: ") || strings.Contains(text, "fatal error: "):
		died = panicked
	}
	verdicts := map[string]verdict{}
	for _, name := range names {
		v := verdict{is: missing, output: tail(text)}
		switch end, ok := ended[name]; {
		case ok && end == caught:
			v.is = died // a panic is a failure of the test that was under way
		case ok:
			v.is = end
		case began[name]:
			v.is = died
		}
		verdicts[name] = v
	}
	return verdicts
}

// tail is the end of a text.
func tail(text string) string {
	const most = 2000
	if len(text) > most {
		text = "..." + text[len(text)-most:]
	}
	return text
}
