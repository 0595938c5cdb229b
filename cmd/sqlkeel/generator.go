//go:build generator

package main

import "github.com/spf13/cobra"

// ownCommands is empty in the program that generates the bookstore's code anew: it
// must compile while that code does not, because a query changed.
func ownCommands() []*cobra.Command { return nil }
