package pgserver_test

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

func ExampleStart() {
	ctx := context.Background()
	server, err := pgserver.Start(ctx, pgserver.Config{Providers: []pgserver.Provider{pgserver.Local}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Owned(), server.DSN() != "")
	// The data survive a crash.
	fmt.Println(server.Halt(ctx, pgserver.Killed), server.Start(ctx))
	fmt.Println(server.Stop(ctx))
	// Output:
	// true true
	// <nil> <nil>
	// <nil>
}
