//go:build !race

package arms

const raced = false
