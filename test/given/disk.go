package given

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a file system of a test's own, small enough to be filled.
type Disk struct{ Folder string }

// SmallDisk gives a disk of some megabytes, or why there is none: only root may mount one, and not everywhere.
func SmallDisk(t testing.TB, megabytes int) (Disk, error) {
	t.Helper()
	folder := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "tmpfs", folder).CombinedOutput(); err != nil {
		return Disk{}, fmt.Errorf("nothing can be mounted here, which needs root: %w: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", folder).Run() })
	return Disk{folder}, nil
}

func (d Disk) ballast() string { return filepath.Join(d.Folder, "ballast") }

// Fill fills the disk to the last byte.
func (d Disk) Fill() error {
	file, err := os.Create(d.ballast())
	for chunk := make([]byte, 4096); err == nil; {
		_, err = file.Write(chunk)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return file.Close()
}

// Lock lets nobody write any more, as a file system does that has found itself damaged.
func (d Disk) Lock() error { return exec.Command("mount", "-o", "remount,ro", d.Folder).Run() }

// Free makes room again.
func (d Disk) Free() error { return os.Remove(d.ballast()) }
