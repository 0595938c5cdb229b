// Command cmd runs a go command in which goroutines of a package pause before each access
// of shared state: cmd FOLDER COMMAND [ARGUMENT]...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/sqlkeel/sqlkeel/internal/yields"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "yields: name the folder of a package and a command")
		os.Exit(2)
	}
	err := run(os.Args[1], os.Args[2:])
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		os.Exit(failed.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs the command with an overlay of the package. The go command takes it from
// GOFLAGS.
func run(folder string, command []string) (err error) {
	files, err := yields.Files(folder, nil)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "yields-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	replace := map[string]string{}
	for name, text := range files {
		file := filepath.Join(tmp, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
		replace[name] = file
	}
	overlay := filepath.Join(tmp, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
