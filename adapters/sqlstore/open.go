package sqlstore

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Config is how to open a store.
type Config struct {
	URL  string // sqlite://PATH or mysql://user:password@host:port/database?tls=true
	Keys *Keyring

	// The pool on MySQL: connections kept idle, more under load, and how long to wait for one.
	PoolSize, PoolOverflow int
	PoolTimeout            time.Duration

	// OnStatement, if set, hears of every statement.
	OnStatement func(ctx context.Context, took time.Duration, err error)
}

// gormConfig sets what every connection shares: errors in GORM's own terms, no transaction around
// single statements, columns by name, and no log of values, which may be patients' names. No
// PrepareStmt: inside a transaction it prepares anew each time all the same, and when preparing fails
// (a client that has gone is enough) it hands out an empty row, whose Scan panics.
func (c Config) gormConfig() *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		QueryFields:            true,
		Logger:                 listener{c.OnStatement},
	}
}

// listener is a GORM logger that passes on that a statement ran, and never its text or values.
type listener struct {
	heard func(context.Context, time.Duration, error)
}

func (l listener) LogMode(logger.LogLevel) logger.Interface    { return l }
func (listener) Info(context.Context, string, ...interface{})  {}
func (listener) Warn(context.Context, string, ...interface{})  {}
func (listener) Error(context.Context, string, ...interface{}) {}

func (l listener) Trace(ctx context.Context, begin time.Time, _ func() (string, int64), err error) {
	if l.heard != nil {
		l.heard(ctx, time.Since(begin), err) //nolint:forbidigo // measures the statement; no rule depends on it
	}
}
