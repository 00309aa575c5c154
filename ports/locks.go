package ports

import (
	"context"

	"surgicase/domain/ident"
)

// Locks are what a transaction holds before it reads anything. On MySQL the first read fixes what the transaction sees:
// a lock that is waited for afterwards comes too late to see what the other transaction has added.
type Locks struct {
	PriceTable  bool         // nobody else prices a case or loads a table
	PricesInUse bool         // nobody else loads a table
	User        ident.UserID // nobody else changes the user or prices their cases
}

type locksKey struct{}

// LockFirst returns a context whose transactions take the locks before they read anything.
func LockFirst(ctx context.Context, l Locks) context.Context {
	return context.WithValue(ctx, locksKey{}, l)
}

// LocksOf returns the locks with which the context's transactions begin.
func LocksOf(ctx context.Context) Locks {
	l, _ := ctx.Value(locksKey{}).(Locks)
	return l
}
