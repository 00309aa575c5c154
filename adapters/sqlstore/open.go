package sqlstore

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Config is how to open a store.
type Config struct {
	URL  string // sqlite://PATH or mysql://user:password@host:port/database?tls=true
	Keys *Keyring

	// The pool on MySQL: connections kept idle, more under load, and how long to wait for one.
	PoolSize, PoolOverflow int
	PoolTimeout            time.Duration

	// Logins, if set, gives the user and the password of MySQL in place of those in the URL.
	Logins Logins

	// OnStatement, if set, hears of every statement.
	OnStatement func(context.Context, Statement)

	// OnAway, if set, hears of every transaction that failed because the database was not there.
	OnAway func(error)
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
