package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// changedMeanwhile is the code of a lost race: InTx runs such a transaction again.
const changedMeanwhile = ports.ChangedMeanwhile

func raceLost() error { return ports.RunAgain(nil) }

// worthAnotherTry reports whether the same database may take the transaction that it took back.
func worthAnotherTry(err error) bool {
	if fault.CodeOf(err) == changedMeanwhile {
		return true
	}
	if effect, isMySQL := effectOf(err); isMySQL {
		return effect == mysqlRetryHere
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) && slices.Contains([]sqlite3.ErrNo{sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol, sqlite3.ErrSchema}, lite.Code)
}

// readOnlyServer are the errors of a server that takes no writes. Even where they answer a COMMIT nothing was committed.
var readOnlyServer = []uint16{1290, 1792, 1836, 1874, 3032}

func refusedAsReadOnly(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && slices.Contains(readOnlyServer, my.Number)
}

// fullServer are the errors of a server whose disk or tablespace has no room.
var fullServer = []uint16{1021, 1114, 3675}

// takesNoWrites reports whether the next transaction that writes will fail in the same way.
func takesNoWrites(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return slices.Contains(readOnlyServer, my.Number) || slices.Contains(fullServer, my.Number)
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return slices.Contains(sqliteAway, lite.Code)
	}
	return fault.CodeOf(err) == databaseFileReplaced
}

// refusedByServer reports whether the server has refused to go on with a connection: nothing it was asked for has
// happened. Where the database has moved, a fresh connection finds the server that takes writes.
func refusedByServer(err error) bool {
	effect, _ := effectOf(err)
	return effect == mysqlRetryOnNew
}

// connectionLost reports whether a connection broke off. What it was doing may have happened.
func connectionLost(err error) bool {
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &network)
}

// outward turns what is left of an error after the last attempt into what callers expect: faults
// and context errors pass, a database that is away is Unavailable, everything else is a defect.
func outward(err error) error {
	var f *fault.Error
	switch {
	case errors.Is(err, errConnect):
		return unavailable(err)
	case err == nil, errors.As(err, &f), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case away(err), worthAnotherTry(err):
		return unavailable(err)
	}
	return err
}

// sqliteAway are the errors that tell of the disk, the file or the machine and not of the statement.
var sqliteAway = []sqlite3.ErrNo{
	sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrNomem,
	sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrNoLFS,
}

// away reports whether the error tells of a database that does not work at the moment.
func away(err error) bool {
	if effect, isMySQL := effectOf(err); isMySQL {
		return effect == mysqlRetryOnNew || effect == mysqlUnavailable
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return slices.Contains(sqliteAway, lite.Code)
	}
	return connectionLost(err)
}

// errConnect marks an error of a connection that was not established, whatever its number.
var errConnect = errors.New("connect to the database")

// commitError is what a COMMIT ended with: unless the server refused it, the transaction may stand.
type commitError struct{ error }

// Unwrap returns the error of the driver.
func (e commitError) Unwrap() error { return e.error }

// canRunOnNew reports whether a transaction that ended with err left nothing behind and may do better on a fresh
// connection.
func canRunOnNew(err error) bool {
	var commit commitError
	if errors.Is(err, errConnect) {
		return false
	}
	if errors.As(err, &commit) {
		return refusedAsReadOnly(err)
	}
	return refusedByServer(err) || connectionLost(err)
}

// missing turns "no row" into NotFound; other errors pass.
func missing(err error, code, format string, args ...any) error {
	if errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, code, format, args...)
	}
	return err
}

// taken turns a violated unique key into the Conflict given; other errors pass.
func taken(err error, conflict *fault.Error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return conflict.Because(err)
	}
	return err
}

// unknownReference turns a violated foreign key into the fault given; other errors pass.
func unknownReference(err error, refusal *fault.Error) error {
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return refusal.Because(err)
	}
	return err
}
