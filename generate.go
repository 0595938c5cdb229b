// Package sqlkeel is the root of a code-generated, typed data-access layer for
// Go and PostgreSQL. It holds no code: see packages db (connections), txn
// (transactions), cache (results), repo (the bookstore's repository), pgerr
// (what errors mean) and pgtest (tests against a real server).
package sqlkeel

//go:generate go tool -modfile=tools/go.mod sqlc generate
//go:generate go -C cmd/sqlkeel run . generate --config $PWD/sqlc.yaml
