package ports

import "context"

// Space guards the room on the disk that documents lie on: below a reserve nothing more is taken, so that everything else, whose
// audit entries need some, goes on.
type Space interface {
	// Check refuses to store so many bytes (0 where nobody knows) where less than the reserve is left, or would be. Unavailable
	// "disk_reserve". Of a disk that is full the store itself tells.
	Check(ctx context.Context, size int64) error
}

// AmpleSpace is for stores that are not on a disk of ours.
type AmpleSpace struct{}

// Check implements Space.
func (AmpleSpace) Check(context.Context, int64) error { return nil }
