package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/yields"
)

// Options are how mutants are tried. The zero value tries all, one after the other.
type Options struct {
	Match   *regexp.Regexp // a part of the Name. Default: all
	Seed    uint64         // orders them. Those that must pass come first
	For     time.Duration  // no mutant is begun after it. Default: no bound
	Jobs    int            // compiled at the same time; their tests run alone. Default: 1
	Timeout time.Duration  // of a test run. Default: 3 minutes
	Go      string         // the go command. Default: "go"
	Out     io.Writer      // a line for each mutant and a summary. Default: none
}

// Result is what came of a run.
type Result struct {
	Good      int      // caught, or passed as they must
	Bad       []string // a sentence each, with the place
	Unreached []string // names
}

// Run tries the mutants of the set. It ends when they are tried, or when ctx
// does, whose error it returns then. A bad mutant is no error.
func (s *Set) Run(ctx context.Context, o Options) (Result, error) {
	chosen := s.choose(o)
	if len(chosen) == 0 {
		return Result{}, errors.New("mutants: no name matches: look at */" + folder)
	}
	tmp, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	r := &run{Options: o, set: s, tmp: tmp, start: time.Now(), sound: map[sound]error{}, binaries: map[binary]*built{}}
	r.fill()
	r.every(ctx, chosen)
	r.summary()
	return r.result, ctx.Err()
}

// choose returns the mutants that match in the order of the seed.
func (s *Set) choose(o Options) []*Mutant {
	var first, rest []*Mutant
	for _, m := range s.all {
		switch {
		case o.Match != nil && !o.Match.MatchString(m.Name):
		case m.MustPass:
			first = append(first, m)
		default:
			rest = append(rest, m)
		}
	}
	shuffle := func(list []*Mutant) {
		rand.New(rand.NewPCG(o.Seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	shuffle(first)
	shuffle(rest)
	return append(first, rest...)
}

// run is one Run.
type run struct {
	Options
	set   *Set
	tmp   string
	start time.Time

	turn sync.Mutex // for one run of tests at a time: they share a server, which a mutant may occupy

	mu       sync.Mutex // guards what follows
	result   Result
	n        int // of the next folder in tmp
	sound    map[sound]error
	binaries map[binary]*built
}

// sound is a test that was run on the code as it is.
type sound struct {
	Test
	flags flags
}

// binary is a test binary of the code as it is.
type binary struct {
	dir   string
	flags flags
}

// flags are how a test is compiled.
type flags struct {
	race   bool
	yields string // the folder of the package that pauses, from the root, or ""
}

// flags returns how the tests of m are compiled.
func (m *Mutant) flags() flags {
	f := flags{race: m.Race}
	if m.Yields {
		f.yields = m.dir
	}
	return f
}

// built is a binary that is made once.
type built struct {
	once sync.Once
	file string
	err  error
}

func (r *run) fill() {
	if r.Jobs < 1 {
		r.Jobs = 1
	}
	if r.Timeout == 0 {
		r.Timeout = 3 * time.Minute
	}
	if r.Go == "" {
		r.Go = "go"
	}
	if r.Out == nil {
		r.Out = io.Discard
	}
}

// every tries the chosen mutants, Jobs at a time.
func (r *run) every(ctx context.Context, chosen []*Mutant) {
	next := make(chan *Mutant)
	var work sync.WaitGroup
	for range r.Jobs {
		work.Go(func() {
			for m := range next {
				r.one(ctx, m)
			}
		})
	}
	for _, m := range chosen {
		if ctx.Err() != nil || r.For > 0 && time.Since(r.start) >= r.For {
			r.mu.Lock()
			r.result.Unreached = append(r.result.Unreached, m.Name)
			r.mu.Unlock()
			continue
		}
		next <- m
	}
	close(next)
	work.Wait()
}

// one tries a mutant and tells what came of it.
func (r *run) one(ctx context.Context, m *Mutant) {
	start := time.Now()
	how, err := r.try(ctx, m)
	took := time.Since(start).Round(100 * time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		r.result.Unreached = append(r.result.Unreached, m.Name)
	case err != nil:
		r.result.Bad = append(r.result.Bad, err.Error())
		fmt.Fprintf(r.Out, "BAD     %s  %v  %v\n", m.Name, took, err)
	default:
		r.result.Good++
		fmt.Fprintf(r.Out, "%-7s %s  %v\n", how, m.Name, took)
	}
}

// try returns how the mutant's tests noticed it, or why it is bad.
func (r *run) try(ctx context.Context, m *Mutant) (how string, err error) {
	files, err := r.set.apply(m)
	if err != nil {
		return "", err
	}
	bad := func(format string, args ...any) (string, error) {
		return "", &sourceError{m.file, 1, fmt.Sprintf(format, args...)}
	}
	for _, t := range m.Tests {
		if err := r.holds(ctx, sound{t, m.flags()}); err != nil {
			return bad("%v", err)
		}
	}
	how = "passes"
	for dir, tests := range byDir(m.Tests) {
		file, err := r.build(ctx, dir, m.flags(), files)
		if err != nil {
			return bad("the code does not compile with it: mend the new lines\n%v", err)
		}
		r.turn.Lock()
		verdicts, err := r.test(ctx, file, dir, tests)
		r.turn.Unlock()
		_ = os.Remove(file)
		if err != nil {
			return bad("%v", err)
		}
		for _, name := range tests {
			switch v := verdicts[name]; {
			case v.is == skipped:
				return bad("%s is skipped with it", name)
			case v.is == missing:
				return bad("no test %s ran with it\n%s", name, v.output)
			case m.MustPass && v.is != passed:
				return bad("%s %s with it, and must pass\n%s", name, v.is, v.output)
			case !m.MustPass && v.is == passed:
				return bad("%s passes with it: the test does not notice", name)
			case !m.MustPass:
				how = string(v.is)
			}
		}
	}
	return how, nil
}

// byDir groups the tests by the folders of their packages.
func byDir(tests []Test) map[string][]string {
	dirs := map[string][]string{}
	for _, t := range tests {
		dirs[t.Dir] = append(dirs[t.Dir], t.Name)
	}
	return dirs
}

// overlay writes what go test -overlay reads.
func (r *run) overlay(f flags, files map[string]string) (string, error) {
	if f.yields != "" {
		var err error
		if files, err = yields.Files(filepath.Join(r.set.root, filepath.FromSlash(f.yields)), files); err != nil {
			return "", err
		}
	}
	dir, err := r.folder()
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range files {
		file := filepath.Join(dir, strconv.Itoa(len(replace))+filepath.Ext(name))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[name] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// folder makes a folder of its own in tmp.
func (r *run) folder() (string, error) {
	r.mu.Lock()
	r.n++
	dir := filepath.Join(r.tmp, strconv.Itoa(r.n))
	r.mu.Unlock()
	return dir, os.Mkdir(dir, 0o700)
}

// summary is the last line.
func (r *run) summary() {
	took := time.Since(r.start)
	tried := r.result.Good + len(r.result.Bad)
	fmt.Fprintf(r.Out, "%d tried, %d good, %d bad, %d not reached; seed %d; %v", tried, r.result.Good, len(r.result.Bad), len(r.result.Unreached),
		r.Seed, took.Round(time.Second))
	if tried > 0 {
		fmt.Fprintf(r.Out, ", %v each", (took / time.Duration(tried)).Round(100*time.Millisecond))
	}
	fmt.Fprintln(r.Out)
	for _, name := range r.result.Unreached {
		fmt.Fprintln(r.Out, "not reached:", name)
	}
}
