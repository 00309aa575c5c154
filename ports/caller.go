package ports

import "context"

// Confirm reads the caller of a request again and returns why they may act no longer.
type Confirm func(context.Context, Repos) error

type confirmKey struct{}

// OnBehalf returns a context in which every writing transaction of the store begins with confirm: what was
// known of a caller when the request came in may have changed while its body was on the way.
func OnBehalf(ctx context.Context, confirm Confirm) context.Context {
	return context.WithValue(ctx, confirmKey{}, confirm)
}

// WithoutCaller returns a context for what has to be written whatever became of the caller: entries of the audit
// log, and the ends of things that were begun.
func WithoutCaller(ctx context.Context) context.Context {
	return context.WithValue(ctx, confirmKey{}, Confirm(nil))
}

// ConfirmCaller confirms the caller of the context in a transaction. Where nobody calls, nothing is asked.
//
// Faults: Unauthenticated; Forbidden "rights_changed".
func ConfirmCaller(ctx context.Context, r Repos) error {
	confirm, _ := ctx.Value(confirmKey{}).(Confirm)
	if confirm == nil {
		return nil
	}
	return confirm(ctx, r)
}

// LookAgain confirms the caller of the context between the pieces of a long answer.
//
// Faults: as ConfirmCaller.
func LookAgain(ctx context.Context, s Store) error {
	if confirm, _ := ctx.Value(confirmKey{}).(Confirm); confirm == nil {
		return nil
	}
	return s.View(ctx, ConfirmCaller)
}
