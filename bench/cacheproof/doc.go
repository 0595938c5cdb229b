// Package cacheproof tries to catch package cache with an old result. It has tests alone.
//
// A history is what several clients saw who read through the cache, read around it and
// wrote, all at once. Each statement with its arguments is a register: porcupine looks for
// one order of the reads and writes of a register that time allows and that explains what
// each of them saw. When there is none, the cache has served what it must not.
//
// The database is a map with commits at points in time, whose outcomes are lost as often as
// wanted, or a real PostgreSQL behind a network that fails. `make cache-proof` runs it all,
// with pauses between any two accesses of shared state within the cache: see
// internal/yields.
package cacheproof
