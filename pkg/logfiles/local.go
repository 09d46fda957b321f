package logfiles

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
)

// findLocal finds the log files at a path of this machine.
func findLocal(ctx context.Context, path string, when Delivered) ([]File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cannotFind(path, err)
	}
	if !info.IsDir() {
		f := newFile(path, filepath.ToSlash(path), info.Size())
		if !f.within(when) {
			return nil, nil
		}
		return []File{f}, nil
	}
	// A path into the tree, such as AWSLogs/111122223333, may hide in the current folder what the names of its parents tell.
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, cannotFind(path, err)
	}
	var files []File
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(path, name)
		if err != nil {
			return err
		}
		full := filepath.ToSlash(filepath.Join(root, rel))
		if entry.IsDir() {
			if name != path && !wantedFolder(full+"/", when) {
				return filepath.SkipDir
			}
			return nil
		}
		f := newFile(name, full, 0)
		if !f.wanted(when) {
			return nil
		}
		info, err := os.Stat(name) // of what a link leads to
		if err != nil || info.IsDir() {
			return err
		}
		f.Size = info.Size()
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, cannotFind(path, err)
	}
	return files, nil
}
