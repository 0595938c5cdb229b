package gen

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// transaction replaces files, and puts them back when one of them fails.
type transaction struct {
	old    map[string][]byte // what there was; a missing file is not in it
	staged map[string]string // new files, by the path they will have
	done   []string          // what was changed, in order
}

// stage writes new content beside its place, so that a full disk is noticed
// before anything changed.
func (t *transaction) stage(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".sqlkeel-*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	t.staged[path] = file.Name()
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func (t *transaction) replace(path string) error {
	if err := os.Rename(t.staged[path], path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	delete(t.staged, path)
	t.done = append(t.done, path)
	return nil
}

func (t *transaction) remove(path string) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove what nothing generates any more: %w", err)
	}
	t.done = append(t.done, path)
	return nil
}

// end removes what was staged and is not needed, and undoes everything when the
// transaction failed.
func (t *transaction) end(failed bool) error {
	var errs []error
	if failed {
		for _, path := range slices.Backward(t.done) {
			errs = append(errs, t.undo(path))
		}
	}
	for _, name := range t.staged {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}

func (t *transaction) undo(path string) error {
	old, existed := t.old[path]
	if !existed {
		return os.Remove(path)
	}
	if err := t.stage(path, old); err != nil {
		return err
	}
	if err := os.Rename(t.staged[path], path); err != nil {
		return err
	}
	delete(t.staged, path)
	return nil
}
