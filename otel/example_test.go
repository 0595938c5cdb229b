package keelotel_test

import (
	"context"
	"fmt"
	"log"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	keelotel "github.com/sqlkeel/sqlkeel/otel"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

func ExampleNewTxnObserver() {
	tb, done := pgtest.ForExample()
	defer done()
	pool := pgtest.New(tb).Pool()

	spans := tracetest.NewInMemoryExporter() // a program has an exporter that sends them
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	observer, err := keelotel.NewTxnObserver(keelotel.Config{TracerProvider: provider, Database: "bookstore"})
	if err != nil {
		log.Fatal(err)
	}
	runner, err := txn.New(pool, txn.Config{Observer: observer})
	if err != nil {
		log.Fatal(err)
	}
	err = txn.Run(context.Background(), runner, txn.Op{Name: "open shop"}, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE books (isbn text PRIMARY KEY)`)
		return err
	})
	fmt.Println("error:", err)
	for _, s := range spans.GetSpans() {
		fmt.Println(s.Name)
		for _, kv := range s.Attributes {
			fmt.Println("  ", kv.Key, "=", kv.Value.String())
		}
	}
	// Output:
	// error: <nil>
	// open shop attempt
	//    db.system.name = postgresql
	//    db.namespace = bookstore
	//    db.operation.name = open shop
	//    sqlkeel.txn.attempt.number = 1
	//    sqlkeel.txn.outcome = committed
	// open shop
	//    db.system.name = postgresql
	//    db.namespace = bookstore
	//    db.operation.name = open shop
	//    sqlkeel.txn.outcome = committed
	//    sqlkeel.txn.attempt.count = 1
}
