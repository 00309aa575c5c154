package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// changedMeanwhile is the code of a lost race: InTx runs such a transaction again.
const changedMeanwhile = ports.ChangedMeanwhile

func raceLost() error { return ports.RunAgain(nil) }

// Error numbers of MySQL and MariaDB. 1213 is also how a Galera cluster refuses a commit.
const (
	mysqlLockWait     = 1205
	mysqlDeadlock     = 1213
	mysqlNotReady     = 1047 // a Galera node without a quorum
	mysqlNoConnection = 1040
	mysqlRecordChange = 1020 // MariaDB: the row changed since the snapshot
)

func worthAnotherTry(err error) bool {
	if fault.CodeOf(err) == changedMeanwhile {
		return true
	}
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == mysqlLockWait || my.Number == mysqlDeadlock || my.Number == mysqlRecordChange
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked)
}

// outward turns what is left of an error after the last attempt into what callers expect: faults
// and context errors pass, a database that is away is Unavailable, everything else is a defect.
func outward(err error) error {
	var f *fault.Error
	switch {
	case err == nil, errors.As(err, &f), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case away(err), worthAnotherTry(err):
		return unavailable(err)
	}
	return err
}

func away(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == mysqlNotReady || my.Number == mysqlNoConnection || loginRefused(err)
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.Code == sqlite3.ErrFull || lite.Code == sqlite3.ErrIoErr || lite.Code == sqlite3.ErrCantOpen || lite.Code == sqlite3.ErrReadonly
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &network)
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
