package bootstrap

import (
	"context"

	"github.com/shirou/gopsutil/v4/disk"

	"surgicase/domain/document"
	"surgicase/ports"
)

// space guards the disk of the file store. Other stores have room of their own.
func (c Config) space() ports.Space {
	if c.StorageURL.scheme() != "file" {
		return ports.AmpleSpace{}
	}
	return diskSpace{folder: c.StorageURL.folder(), reserve: c.DiskReserveMB.bytes()}
}

type diskSpace struct {
	folder  string
	reserve int64
}

// Check implements ports.Space. What cannot be measured is not refused: the store is about to tell what is wrong with it.
func (d diskSpace) Check(ctx context.Context, size int64) error {
	usage, err := disk.UsageWithContext(ctx, d.folder)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	return document.Reserve{Bytes: d.reserve, Total: clampBytes(usage.Total), Free: clampBytes(usage.Free)}.Check(size)
}

func clampBytes(n uint64) int64 { return int64(min(n, 1<<62)) } // it fits
