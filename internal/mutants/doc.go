// Package mutants applies deliberately wrong variants of the code, and checks
// that a test fails with each. A test that cannot fail shows nothing.
//
// A mutant is a file PKG/testdata/mutants/NAME beside the tests of package PKG:
//
//	One sentence: what it breaks.
//	test: TestNameThatMustFail
//	-- retry.go old --
//		exact lines of the file
//	-- retry.go new --
//		lines instead
//
// The first line is for people. The header lines after it are:
//
//	test: TestName             a test of PKG that must fail
//	test: TestName/sub_test    one of its parts, spelt as go test prints it
//	test: ../txn TestName      a test of the package in another folder, or module
//	must: pass                 the tests must pass with the edits instead
//	on: NAME                   another file here whose edits are made first
//	flags: -race               build with the race detector
//	flags: -yields             pause before each access of shared state in PKG
//
// There is at least one test line; with several, each of the tests must fail.
// Then come the edits, in the order in which they are made. Paths are relative
// to PKG and stay inside the repository. The old lines occur in the file exactly
// once, as whole lines. No new lines delete them. A new part without an old one
// adds a file.
//
// A file with "must: pass" adds what makes a fault in the code show and is none:
// yields between the accesses of lock-free code, as cache/testdata/mutants/yields
// does. Mutants build on it by "on:".
//
// The edits reach the compiler by go test's -overlay. No file is changed, and
// the code has no switch that a user could meet.
package mutants
