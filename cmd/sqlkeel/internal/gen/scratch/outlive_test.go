package scratch

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestACallerThatWaitsIsGivenItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		outliving, cancel := outlive(ctx)
		defer cancel()
		time.Sleep(waitTimeout - dropTimeout - 1)
		if outliving.Err() != nil {
			t.Error("it ended though the caller waits")
		}
		leave()
		left := time.Now()
		<-outliving.Done()
		if took := time.Since(left); took != dropTimeout {
			t.Errorf("it ended %v after the caller left, want %v", took, dropTimeout)
		}
		begun := time.Now()
		outliving, cancel = outlive(t.Context())
		defer cancel()
		<-outliving.Done()
		if took := time.Since(begun); took != waitTimeout {
			t.Errorf("it ended after %v, want %v", took, waitTimeout)
		}
	})
}
