package fileblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"surgicase/ports"
)

// permissions is the one setting of a folder: only this user reads and writes what is in it.
const permissions = "permissions"

// Settings implements ports.StorageSetup. Links to files lead to the program itself, which minds the origins.
func (b *Blobs) Settings(ctx context.Context, _ []string) ([]ports.StorageSetting, error) {
	open := 0
	t, err := b.here()
	if err != nil {
		return nil, err
	}
	err = t.each(ctx, func(_ string, mode fs.FileMode) error {
		if mode.Perm()&0o077 != 0 {
			open++
		}
		return nil
	})
	s := ports.StorageSetting{Name: permissions, State: ports.SettingFine, Then: "folders 0700 and files 0600: only this user reads or writes them"}
	if open > 0 {
		s.State, s.Why = ports.SettingDiffers, fmt.Sprintf("%d folders and files are open to others", open)
	}
	return []ports.StorageSetting{s}, err
}

// Arrange implements ports.StorageSetup.
func (b *Blobs) Arrange(ctx context.Context, _ []string, name string) error {
	if name != permissions {
		return ports.NoSuchSetting(nil)
	}
	t, err := b.here()
	if err != nil {
		return err
	}
	return t.each(ctx, func(path string, mode fs.FileMode) error {
		if mode.Perm()&0o077 == 0 {
			return nil
		}
		return t.root.Chmod(path, mode.Perm()&0o700)
	})
}

// each gives every folder and file with its mode. One that goes meanwhile is none, and links are not ours.
func (b *tree) each(ctx context.Context, do func(path string, mode fs.FileMode) error) error {
	err := fs.WalkDir(b.root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err == nil {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil && (info.IsDir() || info.Mode().IsRegular()) {
				err = do(path, info.Mode())
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		return away(err)
	}
	return err
}
