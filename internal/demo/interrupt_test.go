package demo

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// promptly is how long an interrupted demonstration may take to clean up on a
// machine that is busy with other things.
const promptly = 30 * time.Second

var errUser = errors.New("the user has seen enough")

// interrupted shows p, interrupts it at the first line with that text, and
// checks how it ends.
func interrupted(t *testing.T, server *pgserver.Server, p program, text string) performance {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var at time.Time
	ended := perform(t, ctx, server, p, once(text, func() { at = time.Now(); cancel(errUser) }))
	if at.IsZero() {
		t.Fatalf("%q was not shown: error %v\n%s", text, ended.err, ended.text)
	}
	if took := time.Since(at); took > promptly {
		t.Errorf("it ended %v after the interrupt", took)
	}
	if !errors.Is(ended.err, errUser) || !strings.HasPrefix(ended.err.Error(), "interrupted: ") || strings.Contains(ended.err.Error(), "\n") {
		t.Errorf("error %v, want the cause of ctx's end and no other", ended.err)
	}
	ended.shows(t, "Interrupted: dropping "+ended.database())
	ended.hides(t, "Summary")
	ended.hides(t, "NOT HOLD")
	ended.hides(t, "closing the pool")
	return ended
}

func TestAnInterruptEndsAnyPart(t *testing.T) {
	t.Parallel()
	all := everything()
	inTheMiddle := map[string]string{ // others are interrupted at their heading
		"migrations up, down and up again":  " taken back",
		"bulk load with COPY":               "rows: ",
		"one connection for a scope":        "in the scope: ",
		"two databases, chosen by context":  " in the shop and ",
		"contended transfers, SERIALIZABLE": "between 10 accounts",
		"batch job killed and resumed":      "killed in the middle",
		"N+1 against one round trip":        "a statement a book",
		"cached against direct reads":       "hits, ",
		"server lost under load":            "sessions were ended",
	}
	for i, shown := range all.parts {
		t.Run(shown.title, func(t *testing.T) {
			t.Parallel()
			p := all
			if i >= all.needed {
				p = only(shown, scripted("never shown", "", nil))
			}
			ended := interrupted(t, shared(t), p, cmp.Or(inTheMiddle[shown.title], "] "+shown.title))
			ended.hides(t, "never shown")
		})
	}
}

func TestAnInterruptWhileTheServerIsDownBringsItBack(t *testing.T) {
	t.Parallel()
	server := owned(t, nil)
	ended := interrupted(t, server, only(everything().part(t, "server lost under load")), "the server is stopped")
	ended.shows(t, "demo is down since")
	if exists(t, server.DSN(), ended.database()) { // asks the server, which so must be there
		t.Error("the database is still there")
	}
}

func TestAnInterruptBeforeTheBeginningMakesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := perform(t, ctx, shared(t), everything(), nil)
	if !errors.Is(ended.err, context.Canceled) || ended.text != "" {
		t.Errorf("error %v, shown %q", ended.err, ended.text)
	}
}

func TestWorkUnderWayEndsWithTheInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	begun := make(chan struct{})
	go func() {
		<-begun
		cancel(errUser)
	}()
	p := only(part{"a long statement", func(ctx context.Context, s *stage) (string, error) {
		close(begun)
		_, err := s.db.Exec(ctx, "SELECT pg_sleep(3600)")
		return "", err
	}})
	ended := perform(t, ctx, shared(t), p, nil)
	if !errors.Is(ended.err, errUser) {
		t.Errorf("error %v, want the cause of ctx's end", ended.err)
	}
}
